using System.Text.RegularExpressions;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Scripts;

/// <summary>The newer syntax of expectations: <c>expect fail|warn|no_warn|info|no_info|ordered|string|range vector …</c>.</summary>
internal static partial class ExpectLine
{
    public static void Read(string line, Expectation expected)
    {
        var match = Line().Match(line);
        var (what, rest) = (match.Groups[1].Value, match.Groups[2].Value);
        switch (what)
        {
            case "fail":
                expected.Fails = true;
                expected.FailMessage = rest.StartsWith("msg:", StringComparison.Ordinal) ? rest[4..].Trim() : null;
                expected.FailPattern = rest.StartsWith("regex:", StringComparison.Ordinal) ? Pattern(rest[6..].Trim()) : null;
                break;
            case "warn":
                expected.Warns = true;
                AddAnnotation(expected, true, rest);
                break;
            case "info":
                expected.Informs = true;
                AddAnnotation(expected, false, rest);
                break;
            case "no_warn":
                expected.Warns = false;
                break;
            case "no_info":
                expected.Informs = false;
                break;
            case "ordered":
                expected.Ordered = true;
                break;
            case "string":
                expected.Text = GoText.Unquote(rest) ?? rest;
                break;
            case "range" when RangeVector().Match(rest) is { Success: true } range:
                var times = Enumerable.Range(1, 3).Select(i => PromDuration.TryParse(range.Groups[i].Value, out var time, out var error) ? time : throw new ScriptException(error)).ToArray();
                expected.RangeVector = (times[0], times[1], times[2]);
                break;
            default:
                throw new ScriptException($"'{line}' is no expectation: fail, warn, no_warn, info, no_info, ordered, string, range vector from TIME to TIME step STEP");
        }
    }

    public static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ScriptException($"'{pattern}' is no regular expression: {e.Message}");
        }
    }

    private static void AddAnnotation(Expectation expected, bool isWarning, string rest)
    {
        if (rest.StartsWith("msg:", StringComparison.Ordinal))
        {
            var text = rest[4..].Trim();
            expected.Annotations.Add((isWarning, actual => actual == text || actual.StartsWith(text + " (", StringComparison.Ordinal), text)); // the place may be left out
        }
        else if (rest.StartsWith("regex:", StringComparison.Ordinal))
        {
            expected.Annotations.Add((isWarning, Pattern(rest[6..].Trim()).IsMatch, rest[6..].Trim()));
        }
    }

    [GeneratedRegex(@"^expect\s+(\S+)\s*(.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$")]
    private static partial Regex RangeVector();
}
