using System.Collections.Frozen;
using System.Globalization;
using static Loggregator.PromQl.Matching.PatternNode;

namespace Loggregator.PromQl.Matching;

/// <summary>Escapes and character classes.</summary>
internal sealed partial class PatternParser
{
    private static readonly FrozenDictionary<string, RuneSet> Posix = new Dictionary<string, RuneSet>
    {
        ["alnum"] = RuneSet.Of("09AZaz"),
        ["alpha"] = RuneSet.Of("AZaz"),
        ["ascii"] = RuneSet.Of("\0\x7f"),
        ["blank"] = RuneSet.Of("\t\t  "),
        ["cntrl"] = RuneSet.Of("\0\x1f\x7f\x7f"),
        ["digit"] = RuneSet.Of("09"),
        ["graph"] = RuneSet.Of("!~"),
        ["lower"] = RuneSet.Of("az"),
        ["print"] = RuneSet.Of(" ~"),
        ["punct"] = RuneSet.Of("!/:@[`{~"),
        ["space"] = RuneSet.Of("\t\r  "),
        ["upper"] = RuneSet.Of("AZ"),
        ["word"] = RuneSet.Of("09AZaz__"),
        ["xdigit"] = RuneSet.Of("09AFaf"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly RuneSet Spaces = RuneSet.Of("\t\n\f\r  ");

    private PatternNode ParseEscape()
    {
        if (_at + 1 >= pattern.Length)
        {
            throw new PatternException("trailing backslash at end of expression: ``");
        }

        if (TryClassEscape() is { } set)
        {
            return new Runes(set);
        }

        var assertion = pattern[_at + 1] switch { 'A' => "\\A", 'z' => "\\z", 'b' => "\\b", 'B' => "\\B", _ => null };
        if (assertion is not null)
        {
            _at += 2;
            return new Assertion(assertion);
        }

        var rune = ParseRuneEscape();
        return Folded(RuneSet.Of((rune, rune)));
    }

    /// <summary>Reads <c>\d</c>, <c>\pL</c> and the like, or nothing.</summary>
    private RuneSet? TryClassEscape()
    {
        if (_at + 1 >= pattern.Length)
        {
            return null;
        }

        var set = pattern[_at + 1] switch
        {
            'd' or 'D' => Posix["digit"],
            's' or 'S' => Spaces,
            'w' or 'W' => Posix["word"],
            'p' or 'P' => ParseUnicodeClass(),
            _ => null,
        };
        if (set is null)
        {
            return null;
        }

        var unicode = pattern[_at + 1] is 'p' or 'P';
        var negative = char.IsAsciiLetterUpper(pattern[_at + 1]) != (unicode && pattern[_at + 2] == '{' && pattern[_at + 3] == '^');
        _at = unicode && pattern[_at + 2] == '{' ? pattern.IndexOf('}', _at) + 1 : _at + (unicode ? 3 : 2);
        set = _flags.HasFlag(PatternFlags.IgnoreCase) ? CaseFolding.Close(set) : set;
        return negative ? set.Negate() : set;
    }

    private RuneSet ParseUnicodeClass()
    {
        var end = _at + 2 < pattern.Length && pattern[_at + 2] == '{' ? pattern.IndexOf('}', _at) + 1 : Math.Min(_at + 3, pattern.Length);
        if (end <= _at + 2)
        {
            throw Fault("invalid character class range", pattern[_at..]);
        }

        var name = pattern[(_at + 2)..end].Trim('{', '}').TrimStart('^');
        return UnicodeClasses.Find(name) ?? throw Fault("invalid character class range", pattern[_at..end]);
    }

    /// <summary>Reads an escape that stands for one code point.</summary>
    private int ParseRuneEscape()
    {
        var start = _at++;
        var c = NextRune();
        switch (c)
        {
            case 'a':
                return '\a';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'v':
                return '\v';
            case 'x':
                return ParseHex(start);
            case '0' or (>= '1' and <= '7') when c == '0' || (_at < pattern.Length && pattern[_at] is >= '0' and <= '7'):
                var value = c - '0';
                for (var digits = 1; digits < 3 && _at < pattern.Length && pattern[_at] is >= '0' and <= '7'; digits++)
                {
                    value = (value * 8) + (pattern[_at++] - '0');
                }

                return value;
            case < 0x80 when !char.IsAsciiLetterOrDigit((char)c):
                return c;
            default:
                throw Fault("invalid escape sequence", pattern[start.._at]);
        }
    }

    private int ParseHex(int start)
    {
        var braced = _at < pattern.Length && pattern[_at] == '{';
        var end = braced ? pattern.IndexOf('}', _at) : Math.Min(_at + 2, pattern.Length);
        var digits = end < 0 ? "" : pattern[(braced ? _at + 1 : _at)..end];
        if (digits.Length is 0 or > 8 || (!braced && digits.Length != 2) || !digits.All(char.IsAsciiHexDigit)
            || long.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var value && value > RuneSet.Max)
        {
            throw Fault("invalid escape sequence", pattern[start..Math.Min(pattern.Length, Math.Max(end, _at))]);
        }

        _at = braced ? end + 1 : end;
        return (int)value;
    }

    private Runes ParseClass()
    {
        var start = _at++;
        var negative = More && pattern[_at] == '^';
        _at += negative ? 1 : 0;
        var ranges = new List<(int First, int Last)>();
        for (var first = true; first || !More || pattern[_at] != ']'; first = false)
        {
            if (!More)
            {
                throw Fault("missing closing ]", pattern[start..]);
            }

            if (!first && pattern[_at] == '-' && _at + 1 < pattern.Length && pattern[_at + 1] != ']' && (_at + 2 >= pattern.Length || pattern[_at + 1] == '-'))
            {
                throw Fault("invalid character class range", pattern[_at..(_at + 2)]);
            }

            if (Follows("[:") && pattern.IndexOf(":]", _at + 2, StringComparison.Ordinal) is var end and > 0)
            {
                ranges.AddRange(PosixClass(end).Ranges);
            }
            else if (pattern[_at] == '\\' && TryClassEscape() is { } set)
            {
                ranges.AddRange(set.Ranges);
            }
            else
            {
                ranges.Add(ParseClassRange(start));
            }
        }

        _at++;
        var all = Folded(RuneSet.Of(ranges)).Set;
        return new Runes(negative ? all.Negate() : all);
    }

    private RuneSet PosixClass(int end)
    {
        var text = pattern[_at..(end + 2)];
        var set = Posix.GetValueOrDefault(text[2..^2].TrimStart('^')) ?? throw Fault("invalid character class range", text);
        _at = end + 2;
        return text[2] == '^' ? set.Negate() : set;
    }

    private (int First, int Last) ParseClassRange(int classStart)
    {
        var start = _at;
        var first = ClassRune(classStart);
        if (_at + 1 >= pattern.Length || pattern[_at] != '-' || pattern[_at + 1] == ']')
        {
            return (first, first);
        }

        _at++;
        var last = ClassRune(classStart);
        return last < first ? throw Fault("invalid character class range", pattern[start.._at]) : (first, last);
    }

    private int ClassRune(int classStart) => !More || (pattern[_at] == '\\' && _at + 1 >= pattern.Length)
        ? throw Fault("missing closing ]", pattern[classStart..])
        : pattern[_at] == '\\' ? ParseRuneEscape() : NextRune();
}
