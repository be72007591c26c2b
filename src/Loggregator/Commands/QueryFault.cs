using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Loggregator.PromQl;
using Loggregator.PromQl.Syntax;
using Loggregator.Terminal;
using Spectre.Console.Rendering;

namespace Loggregator.Commands;

/// <summary>What is wrong with an expression, with a mark under the place.</summary>
internal static partial class QueryFault
{
    private const int Around = 48; // cells shown on either side of the place

    /// <summary>What the parser finds before anybody is asked, in the words of Prometheus; null when it finds nothing.</summary>
    public static string? Find(string expression)
    {
        try
        {
            // Whether experimental functions are there is for the server to say.
            Parser.Parse(expression, new ParserOptions { ExperimentalFunctions = true });
            return null;
        }
        catch (PromQlException e)
        {
            return Describe(expression, e.Message);
        }
    }

    /// <summary>
    /// The message, and when it names a place, as line and column in bytes of UTF-8 in front of <c>parse error</c>, that line of the expression
    /// with a mark under the column.
    /// </summary>
    public static string Describe(string expression, string message)
    {
        var text = SafeText.Clean(message);
        var lines = expression.Split('\n');
        var place = Place().Match(message);
        if (!place.Success
            || !int.TryParse(place.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var line)
            || !int.TryParse(place.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var column)
            || line < 1 || line > lines.Length || column < 1)
        {
            return text;
        }

        var (before, after) = Split(lines[line - 1], column - 1);
        var left = before.Length > Around ? "…" + before[^Around..] : before;
        var right = after.Length > Around ? after[..Around] + "…" : after;
        return $"{text}\n  {left}{right}\n  {new string(' ', new Segment(left).CellCount())}^";
    }

    /// <summary>A line in two, each harmless and without tabs, at a number of bytes.</summary>
    private static (string Before, string After) Split(string line, int bytes)
    {
        var at = 0;
        for (var passed = 0; at < line.Length && passed < bytes;)
        {
            Rune.DecodeFromUtf16(line.AsSpan(at), out var rune, out var length);
            passed += rune.Utf8SequenceLength;
            at += length;
        }

        return (Clean(line[..at]), Clean(line[at..]));

        static string Clean(string part) => SafeText.Clean(part.Replace('\t', ' ').TrimEnd('\r'));
    }

    [GeneratedRegex("(?:^|: )([0-9]{1,9}):([0-9]{1,9}): parse error: ")]
    private static partial Regex Place();
}
