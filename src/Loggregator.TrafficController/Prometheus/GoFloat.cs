using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>Numbers as Prometheus writes them: the fewest digits that read back the same, without an exponent unless that would be long.</summary>
internal static class GoFloat
{
    /// <summary>Room for any number.</summary>
    public const int MaxLength = 400;

    /// <summary>Writes a value, as in JSON answers: with an exponent below 1e-6 and from 1e21 on.</summary>
    /// <param name="value">The value.</param>
    /// <param name="text">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>How many bytes.</returns>
    public static int WriteShort(double value, Span<byte> text)
    {
        var size = Math.Abs(value);
        return Write(value, text, exponent: double.IsFinite(value) && size != 0 && size is < 1e-6 or >= 1e21);
    }

    /// <summary>Writes a value without an exponent.</summary>
    public static int Write(double value, Span<byte> text) => Write(value, text, exponent: false);

    private static int Write(double value, Span<byte> text, bool exponent)
    {
        if (!double.IsFinite(value))
        {
            return Encoding.UTF8.GetBytes(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", text);
        }

        if (Math.Abs(value) < 1e15 && value == (long)value && (value != 0 || !double.IsNegative(value)))
        {
            Utf8Formatter.TryFormat((long)value, text, out var length);
            return length;
        }

        value.TryFormat(text, out var written, "R", CultureInfo.InvariantCulture);
        var e = text[..written].IndexOf((byte)'E');
        return e < 0 && !exponent ? written : Encoding.UTF8.GetBytes(Rewrite(Encoding.UTF8.GetString(text[..written]), exponent), text);
    }

    // What .NET wrote, with or without an exponent.
    private static string Rewrite(string text, bool exponent)
    {
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var power = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = text[0] == '-' ? "-" : "";
        var mantissa = e < 0 ? text[sign.Length..] : text[sign.Length..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        power += (point < 0 ? mantissa.Length : point) - 1; // of the first digit
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var zeros = digits.Length - digits.TrimStart('0').Length;
        (digits, power) = (digits.Trim('0'), power - zeros);
        if (exponent)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}");
        }

        return power < 0 ? sign + "0." + new string('0', -power - 1) + digits
            : power + 1 >= digits.Length ? sign + digits.PadRight(power + 1, '0')
            : sign + digits[..(power + 1)] + "." + digits[(power + 1)..];
    }
}
