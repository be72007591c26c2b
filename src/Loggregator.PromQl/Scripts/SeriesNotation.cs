using System.Globalization;
using System.Text.RegularExpressions;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Scripts;

/// <summary>A line of a script that describes a series: <c>name{labels} 1 2+3x4 _ stale</c>.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Values">A value per step; null for none.</param>
/// <param name="IsNative">Whether some of its values are native histograms, which are left out.</param>
internal sealed partial record SeriesNotation(Labels Labels, IReadOnlyList<double?> Values, bool IsNative)
{
    private const int MaxValues = 1_000_000;

    /// <summary>Reads a line; what is wrong with it is a <see cref="ScriptException"/>.</summary>
    public static SeriesNotation Parse(string line)
    {
        var end = EndOfLabels(line);
        Labels labels;
        try
        {
            labels = Parser.ParseLabels(line[..end]);
        }
        catch (PromQlException e)
        {
            throw new ScriptException($"'{line}' is no series: {e.Message}");
        }

        var (read, native) = (new List<double?>(), false);
        foreach (var item in Items().EnumerateMatches(line.AsSpan(end)))
        {
            var text = line.Substring(end + item.Index, item.Length);
            native |= text.StartsWith("{{", StringComparison.Ordinal);
            AddItem(read, text);
        }

        return new SeriesNotation(labels, read, native);
    }

    private static int EndOfLabels(string line)
    {
        var at = line.IndexOfAny([' ', '\t', '{']);
        at = at < 0 ? line.Length : at;
        var brace = at;
        while (brace < line.Length && line[brace] is ' ' or '\t')
        {
            brace++;
        }

        if (brace >= line.Length || line[brace] != '{' || (brace + 1 < line.Length && line[brace + 1] == '{'))
        {
            return at;
        }

        var quote = '\0';
        for (var i = brace; i < line.Length; i++)
        {
            if (quote != '\0')
            {
                i += line[i] == '\\' && quote != '`' ? 1 : 0;
                quote = i < line.Length && line[i] == quote && line[i - 1] != '\\' ? '\0' : quote;
            }
            else if (line[i] == '}')
            {
                return i + 1;
            }
            else if (line[i] is '"' or '\'' or '`')
            {
                quote = line[i];
            }
        }

        return line.Length;
    }

    private static void AddItem(List<double?> values, string item)
    {
        var match = Item().Match(item);
        if (!match.Success)
        {
            throw new ScriptException($"'{item}' is no value of a series");
        }

        var start = match.Groups["start"].Value;
        var blank = start == "_";
        double? value = blank || start[0] == '{' ? null : Number(start);
        var step = match.Groups["step"] is { Success: true } given ? Number(given.Value) : 0;
        var times = match.Groups["times"] is { Success: true } count ? int.Parse(count.Value, CultureInfo.InvariantCulture) + (blank ? 0 : 1) : 1;
        if (values.Count + times > MaxValues)
        {
            throw new ScriptException($"'{item}' makes a series of more than {MaxValues} values");
        }

        for (; times > 0; times--, value = step == 0 ? value : value + step)
        {
            values.Add(value);
        }
    }

    private static double Number(string text) =>
        text == "stale" ? Sample.Stale : GoText.TryNumber(text, out var value) ? value : throw new ScriptException($"'{text}' is no number");

    [GeneratedRegex(@"(?:\{\{.*?\}\}|[^\s])+")]
    private static partial Regex Items();

    [GeneratedRegex(@"^(?<start>_|stale|\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?|[+-]?(?:inf|nan|[0-9._]+(?:e[+-]?[0-9]+)?))(?<step>[+-](?:inf|nan|[0-9._]+(?:e[+-]?[0-9]+)?))?(?:x(?<times>[0-9]{1,7}))?$", RegexOptions.IgnoreCase)]
    private static partial Regex Item();
}
