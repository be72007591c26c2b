using System.Text.RegularExpressions;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.Tests.Conventions;

public sealed partial class DocumentationTests
{
    public static TheoryData<string> Documents()
    {
        var data = new TheoryData<string>();
        foreach (var file in Repository.Files("", "*.md").Select(f => Path.GetRelativePath(Repository.Root, f)))
        {
            data.Add(file);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Documents_NameOnlyPathsThatExist(string document)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, document));
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;
        var links = Link().Matches(text).Select(m => m.Groups[1].Value.Split('#')[0]).Where(l => l.Length > 0 && !l.Contains("://", StringComparison.Ordinal));
        Assert.DoesNotContain(links, l => !Exists(Path.Combine(folder, l)));

        var paths = RepositoryPath().Matches(text).Select(m => m.Groups[1].Value.TrimEnd('/'));
        Assert.DoesNotContain(paths, p => !Exists(Path.Combine(Repository.Root, p)) && !Exists(Path.Combine(folder, p)));
    }

    [Fact]
    public void Readme_ShowsARunnableSampleWithinTwentyLines()
    {
        var head = File.ReadLines(Path.Combine(Repository.Root, "README.md")).Take(20);
        Assert.Contains(head, l => l.StartsWith("dotnet run --project src/Loggregator -c Release -- dev", StringComparison.Ordinal));
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    // A path in code quotes that starts at a folder of the root.
    [GeneratedRegex(@"`((?:src|tests|proto|benchmarks|docs|deploy)/[A-Za-z0-9_./-]*)`")]
    private static partial Regex RepositoryPath();
}
