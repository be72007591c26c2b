using System.Globalization;
using static Loggregator.PromQl.Matching.PatternNode;

namespace Loggregator.PromQl.Matching;

/// <summary>Reads RE2 syntax, with the words of Go's regexp for what is none.</summary>
internal sealed partial class PatternParser(string pattern)
{
    private const int MaxRepeat = 1000;
    private const int MaxDepth = 250;
    private const int MaxSize = 20_000;

    private readonly List<string> _groups = [];
    private PatternFlags _flags;
    private int _at;
    private int _depth;

    /// <summary>The expression, and its groups' names in order, "" for one without.</summary>
    public static (PatternNode Root, IReadOnlyList<string> Groups) Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        var root = parser.ParseAlternation();
        if (parser._at < pattern.Length)
        {
            throw Fault("unexpected )", pattern);
        }

        return Size(root) > MaxSize ? throw new PatternException("expression too large") : (root, parser._groups);
    }

    private static PatternException Fault(string what, string where) => new($"{what}: `{where}`");

    /// <summary>How many states it may need; saturates.</summary>
    private static long Size(PatternNode node) => Math.Min(MaxSize + 1, node switch
    {
        Concat concat => concat.Parts.Sum(Size),
        Alternate alternate => alternate.Choices.Sum(Size) + 1,
        Capture capture => Size(capture.Part) + 2,
        Repeat repeat => (Size(repeat.Part) * Math.Max(1, Math.Max(repeat.Least, repeat.Most))) + 1,
        _ => 1,
    });

    private bool More => _at < pattern.Length;

    private bool Follows(string text) => string.CompareOrdinal(pattern, _at, text, 0, text.Length) == 0;

    private PatternNode ParseAlternation()
    {
        if (++_depth > MaxDepth)
        {
            throw new PatternException("expression nests too deeply: `" + pattern + "`");
        }

        var choices = new List<PatternNode> { ParseConcat() };
        while (More && pattern[_at] == '|')
        {
            _at++;
            choices.Add(ParseConcat());
        }

        _depth--;
        return choices.Count == 1 ? choices[0] : new Alternate(choices);
    }

    private PatternNode ParseConcat()
    {
        var parts = new List<PatternNode>();
        while (More && pattern[_at] is not ('|' or ')'))
        {
            if (Follows("\\Q"))
            {
                AddQuoted(parts);
            }
            else if (ParseAtom() is { } atom)
            {
                parts.Add(ParseRepetition(atom));
            }
        }

        return parts.Count == 1 ? parts[0] : new Concat(parts);
    }

    private void AddQuoted(List<PatternNode> parts)
    {
        var start = _at + 2;
        var end = pattern.IndexOf("\\E", start, StringComparison.Ordinal);
        var text = end < 0 ? pattern[start..] : pattern[start..end];
        _at = end < 0 ? pattern.Length : end + 2;
        parts.AddRange(text.EnumerateRunes().Select(rune => Folded(RuneSet.Of((rune.Value, rune.Value)))));
        if (parts.Count > 0 && text.Length > 0)
        {
            parts[^1] = ParseRepetition(parts[^1]);
        }
    }

    private Runes Folded(RuneSet set) => new(_flags.HasFlag(PatternFlags.IgnoreCase) ? CaseFolding.Close(set) : set);

    private PatternNode? ParseAtom()
    {
        var c = pattern[_at];
        switch (c)
        {
            case '(':
                return ParseGroup();
            case '[':
                return ParseClass();
            case '.':
                _at++;
                return new Runes(_flags.HasFlag(PatternFlags.DotNewline) ? RuneSet.Any : RuneSet.AnyButNewline);
            case '^':
                _at++;
                return new Assertion(_flags.HasFlag(PatternFlags.MultiLine) ? "(?m:^)" : "\\A");
            case '$':
                _at++;
                return new Assertion(_flags.HasFlag(PatternFlags.MultiLine) ? "(?m:$)" : "\\z");
            case '*' or '+' or '?':
                throw Fault("missing argument to repetition operator", Operator());
            case '{' when TryCount(_at, out _, out _, out var after):
                throw Fault("missing argument to repetition operator", pattern[_at..after]);
            case '\\':
                return ParseEscape();
            default:
                var rune = NextRune();
                return Folded(RuneSet.Of((rune, rune)));
        }
    }

    private int NextRune()
    {
        if (System.Text.Rune.DecodeFromUtf16(pattern.AsSpan(_at), out var rune, out var used) != System.Buffers.OperationStatus.Done)
        {
            throw Fault("invalid UTF-8", pattern);
        }

        _at += used;
        return rune.Value;
    }

    private string Operator() => pattern.Substring(_at, _at + 1 < pattern.Length && pattern[_at + 1] == '?' ? 2 : 1);

    private PatternNode ParseRepetition(PatternNode atom)
    {
        var before = -1;
        while (More)
        {
            var (start, least, most, after) = (_at, 0, -1, _at + 1);
            switch (pattern[_at])
            {
                case '*':
                    break;
                case '+':
                    least = 1;
                    break;
                case '?':
                    most = 1;
                    break;
                case '{' when TryCount(_at, out least, out most, out after):
                    break;
                default:
                    return atom;
            }

            var lazy = after < pattern.Length && pattern[after] == '?';
            _at = lazy ? after + 1 : after;
            if (before >= 0)
            {
                throw Fault("invalid nested repetition operator", pattern[before.._at]);
            }

            if (least > MaxRepeat || most > MaxRepeat || (most >= 0 && least > most))
            {
                throw Fault("invalid repeat count", pattern[start.._at]);
            }

            before = start;
            atom = new Repeat(atom, least, most, lazy != _flags.HasFlag(PatternFlags.Ungreedy));
            if (RepeatedTimes(atom) > MaxRepeat)
            {
                throw Fault("invalid repeat count", pattern[start.._at]);
            }
        }

        return atom;
    }

    /// <summary>How often the innermost part of nested counts may be repeated: RE2 takes at most 1000 in all.</summary>
    private static long RepeatedTimes(PatternNode node) => Math.Min(MaxRepeat + 1, node switch
    {
        Repeat repeat => Math.Max(1, Math.Max(repeat.Least, repeat.Most)) * RepeatedTimes(repeat.Part),
        Concat concat => concat.Parts.Select(RepeatedTimes).DefaultIfEmpty(1).Max(),
        Alternate alternate => alternate.Choices.Max(RepeatedTimes),
        Capture capture => RepeatedTimes(capture.Part),
        _ => 1,
    });

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>; anything else in braces is literal.</summary>
    private bool TryCount(int at, out int least, out int most, out int after)
    {
        (least, most, after) = (0, 0, at);
        var close = pattern.IndexOf('}', at);
        if (close < 0)
        {
            return false;
        }

        var counts = pattern[(at + 1)..close].Split(',');
        if (counts.Length > 2 || !TryInteger(counts[0], out least))
        {
            return false;
        }

        after = close + 1;
        most = least;
        if (counts.Length == 2 && counts[1].Length == 0)
        {
            most = -1;
            return true;
        }

        return counts.Length == 1 || TryInteger(counts[1], out most);
    }

    private static bool TryInteger(string text, out int value)
    {
        value = MaxRepeat + 1; // what is too long for a number is over the limit
        return text.Length > 0 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0')
            && (text.Length > 8 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value));
    }

    private PatternNode? ParseGroup()
    {
        var (start, flags) = (_at, _flags);
        var capture = !Follows("(?");
        _at++;
        if (capture)
        {
            _groups.Add("");
        }
        else if (Follows("?P<") || (Follows("?<") && !Follows("?<=") && !Follows("?<!")))
        {
            ParseGroupName();
            capture = true;
        }
        else if (ParseFlags(start))
        {
            return null;
        }

        var inner = ParseAlternation();
        if (!More)
        {
            throw Fault("missing closing )", pattern);
        }

        _at++;
        _flags = flags;
        return capture ? new Capture(inner) : inner is Concat { Parts.Count: 0 } or Runes or Assertion ? inner : new Concat([inner]);
    }

    private void ParseGroupName()
    {
        var begin = pattern.IndexOf('<', _at) + 1;
        var end = pattern.IndexOf('>', begin);
        if (end < 0)
        {
            throw Fault("invalid named capture", pattern[(_at - 1)..]);
        }

        var name = pattern[begin..end];
        if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c == '_'))
        {
            throw Fault("invalid named capture", pattern[(_at - 1)..(end + 1)]);
        }

        if (_groups.Contains(name))
        {
            throw Fault("duplicate capture group name", name);
        }

        _groups.Add(name);
        _at = end + 1;
    }

    /// <summary>Reads <c>?flags)</c>, which hold to the end of the group around, and then returns true, or <c>?flags:</c>.</summary>
    private bool ParseFlags(int start)
    {
        _at++;
        var (flags, negative, any) = (_flags, false, false);
        for (; More; any = true)
        {
            var c = pattern[_at++];
            var flag = c switch { 'i' => PatternFlags.IgnoreCase, 'm' => PatternFlags.MultiLine, 's' => PatternFlags.DotNewline, 'U' => PatternFlags.Ungreedy, _ => PatternFlags.None };
            if (flag != PatternFlags.None)
            {
                flags = negative ? flags & ~flag : flags | flag;
            }
            else if (c == '-' && !negative)
            {
                (negative, any) = (true, false);
                continue;
            }
            else if (c is ':' or ')' && (any || !negative))
            {
                _flags = flags;
                return c == ')';
            }
            else
            {
                throw Fault("invalid or unsupported Perl syntax", pattern[start.._at]);
            }
        }

        throw Fault("missing closing )", pattern);
    }
}
