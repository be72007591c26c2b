using System.Globalization;
using System.Text;

namespace Loggregator.PromQl.Syntax;

/// <summary>
/// Texts and numbers as Go writes and reads them. A byte that is not UTF-8, which a Go string can hold by an escape such as <c>\xff</c>, is held as
/// the lone surrogate U+DC80 to U+DCFF, so that nothing is lost.
/// </summary>
internal static class GoText
{
    /// <summary>A double-quoted Go string.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                AppendRune(quoted, new Rune(text[i], text[++i]));
            }
            else if (char.IsSurrogate(text[i]))
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{text[i] & 0xff:x2}");
            }
            else
            {
                AppendRune(quoted, new Rune(text[i]));
            }
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A label's name as a query needs it: quoted unless it is plain.</summary>
    public static string LabelName(string name) => IsPlainLabel(name) ? name : Quote(name);

    /// <summary>Whether a name is of the form <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</summary>
    public static bool IsPlainLabel(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>Reads a quoted literal with its quotes: " or ' with escapes, ` raw. Null if it is none.</summary>
    public static string? Unquote(string literal)
    {
        if (literal.Length < 2 || literal[0] != literal[^1])
        {
            return null;
        }

        var inner = literal.AsSpan(1, literal.Length - 2);
        if (literal[0] == '`')
        {
            return inner.Contains('`') ? null : inner.ToString();
        }

        if (inner.Contains(literal[0]) is false && !inner.Contains('\\'))
        {
            return inner.Contains('\n') ? null : inner.ToString();
        }

        var bytes = new List<byte>(inner.Length);
        for (var i = 0; i < inner.Length;)
        {
            if (inner[i] == literal[0] || inner[i] == '\n')
            {
                return null;
            }

            if (inner[i] != '\\')
            {
                Rune.DecodeFromUtf16(inner[i..], out var rune, out var used);
                AppendUtf8(bytes, rune);
                i += used;
            }
            else if (!TryEscape(inner, ref i, literal[0], bytes))
            {
                return null;
            }
        }

        return Decode([.. bytes]);
    }

    /// <summary>A float as strconv's format 'f' with the fewest digits that read back the same.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        }

        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e < 0)
        {
            return text;
        }

        var exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = text[0] == '-' ? "-" : "";
        var digits = text[sign.Length..e].Replace(".", "", StringComparison.Ordinal);
        return exponent < 0
            ? sign + "0." + new string('0', -exponent - 1) + digits
            : sign + (exponent + 1 >= digits.Length ? digits.PadRight(exponent + 1, '0') : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..]);
    }

    /// <summary>Reads a decimal float, <c>Inf</c> or <c>NaN</c>.</summary>
    public static bool TryFloat(string text, out double value)
    {
        var unsigned = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
        var (word, read) = (unsigned.ToLowerInvariant(), true);
        value = word switch { "inf" or "infinity" => double.PositiveInfinity, _ => double.NaN };
        if (word is not ("inf" or "infinity" or "nan"))
        {
            read = word.Length > 0 && !char.IsLetter(word[0])
                && double.TryParse(word, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
        }

        value = text.StartsWith('-') ? -value : value;
        return read;
    }

    /// <summary>Reads an integer (decimal, octal by a leading 0, hexadecimal) or float; underscores between digits are skipped.</summary>
    public static bool TryNumber(string text, out double value)
    {
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        var unsigned = plain.Length > 0 && plain[0] is '+' or '-' ? plain[1..] : plain;
        if (unsigned.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            var read = ulong.TryParse(unsigned.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex);
            value = plain[0] == '-' ? -(double)hex : hex;
            return read;
        }

        if (unsigned.Length > 1 && unsigned[0] == '0' && unsigned.All(static c => c is >= '0' and <= '7'))
        {
            value = unsigned.Aggregate(0.0, (sum, digit) => (sum * 8) + (digit - '0'));
            value = plain[0] == '-' ? -value : value;
            return true;
        }

        return TryFloat(plain, out value);
    }

    private static void AppendRune(StringBuilder quoted, Rune rune)
    {
        var escape = rune.Value switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\a' => "\\a",
            '\b' => "\\b",
            '\f' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\v' => "\\v",
            < ' ' or 0x7f => string.Create(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
            _ when IsPrintable(rune) => null,
            <= 0xffff => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
        };
        quoted.Append(escape ?? rune.ToString());
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static bool TryEscape(ReadOnlySpan<char> text, ref int i, char quote, List<byte> bytes)
    {
        if (++i >= text.Length)
        {
            return false;
        }

        var c = text[i++];
        const string Letters = "abfnrtv\\";
        const string Meanings = "\a\b\f\n\r\t\v\\";
        if (c == quote || Letters.Contains(c, StringComparison.Ordinal))
        {
            bytes.Add((byte)(c == quote ? c : Meanings[Letters.IndexOf(c, StringComparison.Ordinal)]));
            return true;
        }

        var (digits, radix) = c switch { 'x' => (2, 16), 'u' => (4, 16), 'U' => (8, 16), >= '0' and <= '7' => (3, 8), _ => (0, 0) };
        i -= radix == 8 ? 1 : 0;
        if (digits == 0 || i + digits > text.Length)
        {
            return false;
        }

        long value = 0;
        for (var end = i + digits; i < end; i++)
        {
            var digit = char.IsAsciiHexDigit(text[i]) ? Convert.ToInt32(text[i].ToString(), 16) : 16;
            if (digit >= radix)
            {
                return false;
            }

            value = (value * radix) + digit;
        }

        if (c is 'u' or 'U')
        {
            if (value > 0x10ffff || !Rune.TryCreate((int)value, out var rune))
            {
                return false;
            }

            AppendUtf8(bytes, rune);
            return true;
        }

        bytes.Add((byte)value);
        return value <= 255;
    }

    private static void AppendUtf8(List<byte> bytes, Rune rune)
    {
        Span<byte> buffer = stackalloc byte[4];
        bytes.AddRange(buffer[..rune.EncodeToUtf8(buffer)]);
    }

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
                bytes = bytes[used..];
            }
            else
            {
                text.Append((char)(0xdc00 | bytes[0]));
                bytes = bytes[1..];
            }
        }

        return text.ToString();
    }
}
