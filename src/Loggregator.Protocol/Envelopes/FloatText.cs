using System.Globalization;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Doubles as the original's programs print them: always the shortest digits that read back to the same number, laid out plainly or with an
/// exponent depending on the place.
/// </summary>
internal static class FloatText
{
    /// <summary>The most bytes that any of the forms takes: 5e-324 and 1.8e308 in plain digits.</summary>
    public const int MaxLength = 352;

    /// <summary>As in JSON: an exponent below 1e-6 and from 1e21 (<c>1e-7</c>, <c>1e+21</c>). Finite numbers only.</summary>
    public static int WriteJson(Span<byte> target, double value) => WriteFinite(target, value, -6, minExponentDigits: 1);

    /// <summary>As converged tags have it: an exponent below 1e-4 and from 1e21 (<c>1e-05</c>, <c>1e+21</c>), <c>NaN</c>, <c>+Inf</c>, <c>-Inf</c>.</summary>
    public static int WriteGeneral(Span<byte> target, double value) =>
        double.IsFinite(value) ? WriteFinite(target, value, -4, minExponentDigits: 2) : WriteSpecial(target, value);

    /// <summary>As syslog messages have it: an exponent below 1e-4 and from 1e6 (<c>1e-05</c>, <c>1.5e+06</c>), <c>NaN</c>, <c>+Inf</c>, <c>-Inf</c>.</summary>
    public static int WriteShort(Span<byte> target, double value) =>
        double.IsFinite(value) ? WriteFinite(target, value, -4, minExponentDigits: 2, leastExponent: 6) : WriteSpecial(target, value);

    /// <summary>As an agent's tags have it: digits without exponent, <c>NaN</c>, <c>+Inf</c>, <c>-Inf</c>.</summary>
    public static int WritePlain(Span<byte> target, double value) =>
        double.IsFinite(value) ? WriteFinite(target, value, int.MinValue, minExponentDigits: 0) : WriteSpecial(target, value);

    /// <summary>As v1 tags have it: six digits behind the point (<c>123.000000</c>), <c>NaN</c>, <c>+Inf</c>, <c>-Inf</c>.</summary>
    public static int WriteFixed(Span<byte> target, double value)
    {
        if (!double.IsFinite(value))
        {
            return WriteSpecial(target, value);
        }

        value.TryFormat(target, out var length, "F6", CultureInfo.InvariantCulture);
        return length;
    }

    private static int WriteSpecial(Span<byte> target, double value)
    {
        var text = double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8;
        text.CopyTo(target);
        return text.Length;
    }

    // The least exponent of ten that is still printed plainly (int.MinValue prints everything plainly), and the least above it that is not.
    private static int WriteFinite(Span<byte> target, double value, int leastPlain, int minExponentDigits, int leastExponent = 21)
    {
        Span<byte> shortest = stackalloc byte[32];
        value.TryFormat(shortest, out var length, default, CultureInfo.InvariantCulture);
        Span<byte> digits = stackalloc byte[32];
        var count = Dissect(shortest[..length], digits, out var negative, out var exponent);
        var output = new TextCursor(target);
        if (negative)
        {
            output.Put((byte)'-');
        }

        if (count == 0)
        {
            output.Put((byte)'0');
        }
        else if (exponent < leastPlain || (exponent >= leastExponent && leastPlain != int.MinValue))
        {
            output.Put(digits[0]);
            if (count > 1)
            {
                output.Put((byte)'.');
                output.Put(digits[1..count]);
            }

            output.Put((byte)'e');
            output.Put((byte)(exponent < 0 ? '-' : '+'));
            output.PutNumber(Math.Abs(exponent), minExponentDigits);
        }
        else if (exponent < 0)
        {
            output.Put("0."u8);
            output.PutZeros(-exponent - 1);
            output.Put(digits[..count]);
        }
        else if (exponent + 1 >= count)
        {
            output.Put(digits[..count]);
            output.PutZeros(exponent + 1 - count);
        }
        else
        {
            output.Put(digits[..(exponent + 1)]);
            output.Put((byte)'.');
            output.Put(digits[(exponent + 1)..count]);
        }

        return output.Length;
    }

    // .NET's shortest form, 123.45 or 1.2345E+20, as digits without zeros at either end and the exponent of the first of them.
    private static int Dissect(ReadOnlySpan<byte> text, Span<byte> digits, out bool negative, out int exponent)
    {
        negative = text[0] == '-';
        text = negative ? text[1..] : text;
        exponent = 0;
        var e = text.IndexOf((byte)'E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var point = text.IndexOf((byte)'.');
        exponent += (point < 0 ? text.Length : point) - 1;
        var count = 0;
        foreach (var character in text)
        {
            if (character == '.')
            {
                continue;
            }

            if (count == 0 && character == '0')
            {
                exponent--;
                continue;
            }

            digits[count++] = character;
        }

        while (count > 0 && digits[count - 1] == '0')
        {
            count--;
        }

        return count;
    }

    private ref struct TextCursor(Span<byte> target)
    {
        private readonly Span<byte> _target = target;

        public int Length { get; private set; }

        public void Put(byte character) => _target[Length++] = character;

        public void Put(scoped ReadOnlySpan<byte> text)
        {
            text.CopyTo(_target[Length..]);
            Length += text.Length;
        }

        public void PutZeros(int count)
        {
            _target.Slice(Length, count).Fill((byte)'0');
            Length += count;
        }

        public void PutNumber(int number, int minDigits)
        {
            if (number < 10)
            {
                PutZeros(minDigits - 1);
            }

            number.TryFormat(_target[Length..], out var written, default, CultureInfo.InvariantCulture);
            Length += written;
        }
    }
}
