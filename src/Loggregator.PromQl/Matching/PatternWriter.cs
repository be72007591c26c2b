using System.Globalization;
using System.Text;
using static Loggregator.PromQl.Matching.PatternNode;

namespace Loggregator.PromQl.Matching;

/// <summary>
/// Writes a parsed expression in .NET's syntax. .NET matches UTF-16 units, RE2 code points: what may match one beyond the basic plane becomes a
/// choice between a unit and a pair.
/// </summary>
internal static class PatternWriter
{
    public static string Write(PatternNode root)
    {
        var text = new StringBuilder();
        Write(text, root);
        return text.ToString();
    }

    private static void Write(StringBuilder text, PatternNode node)
    {
        switch (node)
        {
            case Runes runes:
                WriteSet(text, runes.Set);
                break;
            case Concat concat:
                foreach (var part in concat.Parts)
                {
                    WriteGrouped(text, part, part is Alternate);
                }

                break;
            case Alternate alternate:
                for (var i = 0; i < alternate.Choices.Count; i++)
                {
                    text.Append(i > 0 ? "|" : "");
                    Write(text, alternate.Choices[i]);
                }

                break;
            case Capture capture:
                text.Append('(');
                Write(text, capture.Part);
                text.Append(')');
                break;
            case Assertion assertion:
                text.Append(assertion.Syntax);
                break;
            case Repeat { Part: Runes any } repeat when repeat.Most < 0 && repeat.Least == 0 && IsBroad(any.Set):
                text.Append(any.Set.SameAs(RuneSet.Any) ? "[\\s\\S]*" : "[^\\n]*").Append(repeat.Lazy ? "?" : ""); // pairs or not, any number of them
                break;
            case Repeat repeat:
                WriteGrouped(text, repeat.Part, repeat.Part is not Runes { Set.Single: <= 0xffff });
                text.Append((repeat.Least, repeat.Most) switch
                {
                    (0, -1) => "*",
                    (1, -1) => "+",
                    (0, 1) => "?",
                    (_, -1) => string.Create(CultureInfo.InvariantCulture, $"{{{repeat.Least},}}"),
                    _ => string.Create(CultureInfo.InvariantCulture, $"{{{repeat.Least},{repeat.Most}}}"),
                }).Append(repeat.Lazy ? "?" : "");
                break;
        }
    }

    private static bool IsBroad(RuneSet set) => set.SameAs(RuneSet.Any) || set.SameAs(RuneSet.AnyButNewline);

    private static void WriteGrouped(StringBuilder text, PatternNode node, bool group)
    {
        text.Append(group ? "(?:" : "");
        Write(text, node);
        text.Append(group ? ")" : "");
    }

    private static void WriteSet(StringBuilder text, RuneSet set)
    {
        var choices = new List<string>();
        var plane = string.Concat(set.Ranges.Where(range => range.First <= 0xffff).SelectMany(range => WithoutSurrogates(range.First, Math.Min(range.Last, 0xffff))));
        if (plane.Length > 0)
        {
            choices.Add(set.Single is not null ? plane : $"[{plane}]");
        }

        foreach (var (first, last) in set.Ranges.Where(range => range.Last > 0xffff))
        {
            choices.AddRange(Pairs(Math.Max(first, 0x10000), last));
        }

        text.Append(choices.Count switch { 0 => "(?:[^\\s\\S])", 1 => choices[0], _ => $"(?:{string.Join('|', choices)})" });
    }

    private static IEnumerable<string> WithoutSurrogates(int first, int last)
    {
        if (first < 0xd800)
        {
            yield return Span(first, Math.Min(last, 0xd7ff));
        }

        if (last > 0xdfff)
        {
            yield return Span(Math.Max(first, 0xe000), last);
        }
    }

    /// <summary>The pairs of a range: a piece of the first high unit's, whole ones, a piece of the last's.</summary>
    private static IEnumerable<string> Pairs(int first, int last)
    {
        while (first <= last)
        {
            var (high, low) = (High(first), Low(first));
            var whole = low == 0xdc00 && High(last) > high;
            var lastHigh = whole ? (Low(last) == 0xdfff ? High(last) : High(last) - 1) : high;
            var end = whole ? Code(lastHigh, 0xdfff) : Math.Min(last, Code(high, 0xdfff));
            yield return $"[{Span(high, lastHigh)}][{Span(low, Low(end))}]";
            first = end + 1;
        }
    }

    private static int High(int code) => 0xd800 + ((code - 0x10000) >> 10);

    private static int Low(int code) => 0xdc00 + ((code - 0x10000) & 0x3ff);

    private static int Code(int high, int low) => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);

    private static string Span(int first, int last) => first == last ? Unit(first) : Unit(first) + "-" + Unit(last);

    private static string Unit(int unit) => char.IsAsciiLetterOrDigit((char)unit) ? ((char)unit).ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{unit:x4}");
}
