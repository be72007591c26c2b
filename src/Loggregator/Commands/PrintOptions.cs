using System.CommandLine;
using System.Text.RegularExpressions;
using Loggregator.Client;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>The options by which <c>tail</c> and <c>firehose</c> choose what is printed, and how.</summary>
internal sealed class PrintOptions
{
    private readonly Option<OutputFormat> _format = new("--format", "-o")
    {
        Description = "pretty, which is the default, cf, ltc, raw (bytes untouched) or json (one envelope a line).",
        HelpName = "FORMAT",
    };

    private readonly Option<string[]> _type = new("--type") { Description = "log, counter, gauge, timer, event, or all; with commas.", HelpName = "TYPE,…" };
    private readonly Option<Regex[]> _include = Expressions("--include", "Only lines that match.");
    private readonly Option<Regex[]> _exclude = Expressions("--exclude", "No lines that match.");
    private readonly Option<Regex[]> _highlight = Expressions("--highlight", "Highlight what matches (on a terminal).");

    private readonly string _defaultType;

    public PrintOptions(Command command, string defaultType)
    {
        _defaultType = defaultType;
        _format.CompletionSources.Clear(); // the names of the enumeration, which are capitalised
        _format.CompletionSources.Add("pretty", "cf", "ltc", "raw", "json");
        _type.CompletionSources.Add([.. Types, "all"]);
        _type.Validators.Add(result =>
        {
            foreach (var type in result.Tokens.SelectMany(token => token.Value.Split(',')).Where(type => type != "all" && !Types.Contains(type)))
            {
                result.AddError($"--type takes {string.Join(", ", Types)} or all, not '{type}'.");
            }
        });
        command.Add(_format);
        command.Add(_type);
        command.Add(_include);
        command.Add(_exclude);
        command.Add(_highlight);
    }

    private static string[] Types { get; } = ["log", "counter", "gauge", "timer", "event"];

    /// <summary>The envelope types that are asked for.</summary>
    public EnvelopeTypes AskedTypes(ParseResult parsed)
    {
        var types = (parsed.GetValue(_type) is { Length: > 0 } given ? given : [_defaultType]).SelectMany(type => type.Split(',')).ToList();
        return types.Contains("all") ? EnvelopeTypes.All : types.Aggregate(EnvelopeTypes.All, (all, type) => all | Enum.Parse<EnvelopeTypes>(type, ignoreCase: true));
    }

    /// <summary>Makes the printer.</summary>
    public EnvelopePrinter Printer(ParseResult parsed, Screen screen, string instance = "")
    {
        var filter = new LineFilter(parsed.GetValue(_include) ?? [], parsed.GetValue(_exclude) ?? [], parsed.GetValue(_highlight) ?? []);
        return new EnvelopePrinter(screen, parsed.GetValue(_format), filter, TimeZoneInfo.Local) { Instance = instance };
    }

    private static Option<Regex[]> Expressions(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "REGEX",
        CustomParser = result =>
        {
            var expressions = new List<Regex>();
            foreach (var token in result.Tokens)
            {
                try
                {
                    expressions.Add(LineFilter.Compile(token.Value));
                }
                catch (ArgumentException e)
                {
                    result.AddError($"{name} '{token.Value}' is no regular expression: {e.Message}");
                }
            }

            return [.. expressions];
        },
    };
}
