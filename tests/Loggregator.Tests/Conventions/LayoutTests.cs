using System.Reflection;
using System.Text.RegularExpressions;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.Tests.Conventions;

public sealed partial class LayoutTests
{
    private static readonly string[] Tiers = ["Loggregator.Agent", "Loggregator.Doppler", "Loggregator.Nozzle", "Loggregator.TrafficController"];
    private static readonly string[] BannedSuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Base", "Impl", "Info", "Data"];

    private static readonly string[] ForeignWords = ["../shared", "/work/", "registry."];
    private static readonly string[] TextFiles = ["*.cs", "*.md", "*.proto", "*.csproj", "*.props", "*.json", "*.yml", "*.sh"];

    [Fact]
    public void Tiers_ReferenceNoTier()
    {
        foreach (var tier in Tiers)
        {
            var others = Assembly.Load(tier).GetReferencedAssemblies().Select(a => a.Name).Intersect(Tiers);
            Assert.Empty(others);
        }
    }

    [Theory]
    [InlineData("Loggregator.Protocol", new string[0])]
    [InlineData("Loggregator.PromQl", new string[0])]
    [InlineData("Loggregator.Pipeline", new[] { "Loggregator.Protocol" })]
    [InlineData("Loggregator.Client", new[] { "Loggregator.Protocol", "Loggregator.Pipeline" })]
    [InlineData("Loggregator.Doppler", new[] { "Loggregator.Protocol", "Loggregator.Pipeline", "Loggregator.PromQl" })]
    public void Projects_ReferenceOnlyWhatIsBelowThem(string project, string[] allowed)
    {
        var references = Assembly.Load(project).GetReferencedAssemblies()
            .Select(a => a.Name!).Where(n => n.StartsWith("Loggregator", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(references.Except(allowed));
    }

    [Fact]
    public void SourceFiles_AreShort()
    {
        var lengths = Repository.Files("src", "*.cs").ToDictionary(f => Path.GetRelativePath(Repository.Root, f), f => File.ReadLines(f).Count());
        Assert.Empty(lengths.Where(f => f.Value > 600).Select(f => $"{f.Key}: {f.Value} lines"));
    }

    [Fact]
    public void ProjectFiles_AreShort()
    {
        var offenders = Repository.Files("", "*.csproj").Where(f => File.ReadLines(f).Count() > 30);
        Assert.Empty(offenders);
    }

    [Fact]
    public void Types_AreNamedAfterWhatTheyAre()
    {
        var offenders = Tiers.Concat(["Loggregator.Protocol", "Loggregator.Pipeline", "Loggregator.Client", "Loggregator.PromQl", "loggregator"])
            .SelectMany(a => Assembly.Load(a).GetTypes())
            .Where(t => t.Namespace?.StartsWith("Loggregator", StringComparison.Ordinal) == true && !t.Name.Contains('<', StringComparison.Ordinal))
            .Where(t => t.Namespace is not ("Loggregator.Protocol.V2" or "Loggregator.Protocol.Internal" or "Loggregator.Protocol.Dropsonde" or "Loggregator.Protocol.Plumbing" or "Loggregator.Protocol.LogCache")) // named by the protobuf compiler
            .Where(t => BannedSuffixes.Any(s => t.Name.EndsWith(s, StringComparison.Ordinal)))
            .Select(t => t.FullName);
        Assert.Empty(offenders);
    }

    [Fact]
    public void LogEventIds_AreUnique()
    {
        var ids = Repository.Files("src", "*.cs")
            .SelectMany(f => EventId().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value))
            .GroupBy(id => id).Where(g => g.Count() > 1).Select(g => g.Key);
        Assert.Empty(ids);
    }

    [Fact]
    public void Project_SpeaksOfItselfAlone()
    {
        var texts = TextFiles.SelectMany(p => Repository.Files("", p)).Where(f => Path.GetFileName(f) != "LayoutTests.cs");
        var offenders = texts.Where(f => ForeignWords.Any(w => File.ReadAllText(f).Contains(w, StringComparison.Ordinal)));
        Assert.Empty(offenders.Select(f => Path.GetRelativePath(Repository.Root, f)));
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex EventId();
}
