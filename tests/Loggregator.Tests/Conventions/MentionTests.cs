using System.CommandLine;
using System.Text.RegularExpressions;
using Loggregator.Commands;
using Loggregator.Terminal;
using Loggregator.TestKit;
using Loggregator.Tests.Reference;
using Xunit;

namespace Loggregator.Tests.Conventions;

/// <summary>What the documents for users name exists: commands and their options, settings, metrics, HTTP paths.</summary>
public sealed partial class MentionTests
{
    private static readonly string[] NotPaths = ["/certs/", "/dev/", "/etc/", "/usr/", "/var/"]; // of files, in examples

    public static TheoryData<string> Documents() =>
        ["README.md", "ARCHITECTURE.md", .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(file => "docs/" + Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void CommandLines_OfDocuments_NameCommandsAndOptionsThatExist(string document)
    {
        var root = new CommandLineApp(new Screen(TextWriter.Null, Stream.Null, TextWriter.Null, Stream.Null, false, false), TimeProvider.System).Build();
        var text = File.ReadAllText(Path.Combine(Repository.Root, document)).Replace("\\\n", " ", StringComparison.Ordinal);
        var offenders = new List<string>();
        foreach (var line in InvocationInSpan().Matches(text).Concat(InvocationInBlock().Matches(text)).Select(match => match.Groups[1].Value))
        {
            var words = line.Split(" -- ")[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).TakeWhile(word => word is not ("|" or "-" or ">")).ToList();
            Command command = root;
            foreach (var word in words)
            {
                if (word.StartsWith("--", StringComparison.Ordinal))
                {
                    if (word != "--help" && !command.Options.Any(option => option.Name == word.TrimEnd(',', ')')))
                    {
                        offenders.Add($"{line}: '{command.Name}' has no option {word}");
                    }
                }
                else if (command.Subcommands.Count > 0 && word.Split('|')[0].TrimEnd('\\', ',') is var name && name.Any(char.IsLower))
                {
                    if (command.Subcommands.FirstOrDefault(sub => sub.Name == name) is { } sub)
                    {
                        command = sub;
                    }
                    else
                    {
                        offenders.Add($"{line}: '{command.Name}' has no command {name}");
                        break;
                    }
                }
            }
        }

        var options = All(root).SelectMany(command => command.Options).Select(option => option.Name).ToHashSet();
        offenders.AddRange(OptionAlone().Matches(text).Select(match => match.Groups[1].Value).Where(option => !options.Contains(option)));
        Assert.Empty(offenders);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void SettingsAndMetrics_OfDocuments_Exist(string document)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, document));
        var keys = ConfigurationReference.Keys().ToHashSet();
        var metrics = MetricsReference.Names().ToHashSet();
        var settings = Setting().Matches(text).Select(match => match.Groups[1].Value)
            .Concat(EnvironmentSetting().Matches(text).Select(match => $"{match.Groups[1].Value}:{match.Groups[2].Value}"));
        Assert.DoesNotContain(settings, key => !keys.Contains(key) && key != "Section:Key");
        Assert.DoesNotContain(Metric().Matches(text).Select(match => match.Groups[1].Value), name => !metrics.Contains(name));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void HttpPaths_OfDocuments_AreServed(string document)
    {
        var served = Repository.Files("src", "*.cs").SelectMany(file => Literal().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToHashSet();
        var named = HttpPath().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(match => match.Groups[1].Value);
        Assert.DoesNotContain(named, path => !served.Contains(path) && !NotPaths.Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal)));
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    [GeneratedRegex(@"`loggregator ([^`\n]+)`")]
    private static partial Regex InvocationInSpan();

    [GeneratedRegex(@"^\s*(?:docker-compose exec (?:-T )?[a-z0-9-]+ )?loggregator ([^`\n#]+)", RegexOptions.Multiline)]
    private static partial Regex InvocationInBlock();

    [GeneratedRegex(@"`(--[a-z-]+)[` ]")]
    private static partial Regex OptionAlone();

    [GeneratedRegex(@"`((?:Agent|Doppler|TrafficController|Tls|Metrics|Log|Section):[A-Z][A-Za-z0-9]+)")]
    private static partial Regex Setting();

    [GeneratedRegex(@"LOGGREGATOR_([A-Za-z]+)__([A-Za-z0-9]+)")]
    private static partial Regex EnvironmentSetting();

    [GeneratedRegex(@"`(loggregator[._](?:agent|doppler|traffic_controller)[._][a-z0-9_.]+)`")]
    private static partial Regex Metric();

    [GeneratedRegex(@"`(/[a-z0-9_/]+)`")]
    private static partial Regex HttpPath();

    [GeneratedRegex("\"(/[a-z0-9_/]+)\"")]
    private static partial Regex Literal();
}
