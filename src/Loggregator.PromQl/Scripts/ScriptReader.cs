using System.Globalization;
using System.Text.RegularExpressions;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Scripts;

/// <summary>Reads acceptance scripts in the format of Prometheus' <c>promqltest</c>: lines, of which one that begins with # is empty; an empty one ends a command.</summary>
internal sealed partial class ScriptReader(string text)
{
    private readonly string[] _lines = [.. text.Split('\n').Select(static line => line.Trim()).Select(static line => line.StartsWith('#') ? "" : line)];
    private int _at;

    /// <summary>All commands; a fault is a <see cref="ScriptException"/> that begins with its line.</summary>
    public List<ScriptCommand> Read()
    {
        var commands = new List<ScriptCommand>();
        while (_at < _lines.Length)
        {
            try
            {
                if (_lines[_at].Length > 0)
                {
                    commands.Add(ReadCommand());
                }
                else
                {
                    _at++;
                }
            }
            catch (ScriptException e)
            {
                throw new ScriptException(string.Create(CultureInfo.InvariantCulture, $"{Math.Min(_at, _lines.Length)}: {e.Message}"));
            }
        }

        return commands;
    }

    private static long Duration(string text)
    {
        var negative = text.StartsWith('-');
        return PromDuration.TryParse(negative ? text[1..] : text, out var milliseconds, out var error) ? (negative ? -milliseconds : milliseconds) : throw new ScriptException(error);
    }

    private ScriptCommand ReadCommand()
    {
        var number = _at + 1;
        var line = _lines[_at++];
        if (line.Equals("clear", StringComparison.OrdinalIgnoreCase))
        {
            return new ScriptCommand.Clear(number);
        }

        if (LoadLine().Match(line) is { Success: true } load)
        {
            return new ScriptCommand.Load(number, Duration(load.Groups[2].Value), [.. Following().Select(SeriesNotation.Parse)], load.Groups[1].Success);
        }

        if (InstantLine().Match(line) is { Success: true } instant)
        {
            var at = instant.Groups[2].Success ? Duration(instant.Groups[2].Value) : 0;
            return new ScriptCommand.Eval(number, instant.Groups[3].Value, at, at, 1, false, ReadExpectation(instant.Groups[1].Value));
        }

        if (RangeLine().Match(line) is { Success: true } range)
        {
            var times = Enumerable.Range(2, 3).Select(i => Duration(range.Groups[i].Value)).ToArray();
            return times[1] < times[0] || times[2] <= 0
                ? throw new ScriptException("the range must not end before it begins, nor its step be zero")
                : new ScriptCommand.Eval(number, range.Groups[5].Value, times[0], times[1], times[2], true, ReadExpectation(range.Groups[1].Value));
        }

        throw new ScriptException($"'{line}' is no command: clear, load STEP, eval instant at TIME EXPR, eval range from TIME to TIME step STEP EXPR");
    }

    private IEnumerable<string> Following()
    {
        for (; _at < _lines.Length && _lines[_at].Length > 0; _at++)
        {
            yield return _lines[_at];
        }
    }

    private Expectation ReadExpectation(string modifier)
    {
        var expected = new Expectation { Fails = modifier == "fail", Ordered = modifier == "ordered" };
        expected.Warns = modifier == "warn";
        expected.Informs = modifier == "info" ? true : null;
        foreach (var line in Following())
        {
            if (line.StartsWith("expect ", StringComparison.Ordinal) || line == "expect string")
            {
                ExpectLine.Read(line, expected);
            }
            else if (line.StartsWith("expected_fail_message", StringComparison.Ordinal))
            {
                expected.FailMessage = line["expected_fail_message".Length..].Trim();
            }
            else if (line.StartsWith("expected_fail_regexp", StringComparison.Ordinal))
            {
                expected.FailPattern = ExpectLine.Pattern(line["expected_fail_regexp".Length..].Trim());
            }
            else if (GoText.TryNumber(line, out var scalar))
            {
                expected.Scalar = scalar;
            }
            else
            {
                expected.Series.Add(SeriesNotation.Parse(line));
            }
        }

        return expected;
    }

    [GeneratedRegex(@"^load(?:_(with_nhcb))?\s+(\S+)$", RegexOptions.IgnoreCase)]
    private static partial Regex LoadLine();

    [GeneratedRegex(@"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$")]
    private static partial Regex InstantLine();

    [GeneratedRegex(@"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$")]
    private static partial Regex RangeLine();
}
