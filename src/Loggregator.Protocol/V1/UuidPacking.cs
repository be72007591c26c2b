using System.Buffers.Binary;
using System.Globalization;

namespace Loggregator.Protocol.V1;

/// <summary>UUIDs as dropsonde has them: the 16 bytes in the order of the text, as two little-endian numbers.</summary>
internal static class UuidPacking
{
    /// <summary>Characters of the text form.</summary>
    public const int TextLength = 36;

    private const int HexDigits = 32;

    /// <summary>Reads 36 characters of 8-4-4-4-12 form; whatever stands in the place of the hyphens. False for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ulong low, out ulong high)
    {
        (low, high) = (0, 0);
        if (text.Length != TextLength)
        {
            return false;
        }

        Span<byte> digits = stackalloc byte[HexDigits];
        text[..8].CopyTo(digits);
        text[9..13].CopyTo(digits[8..]);
        text[14..18].CopyTo(digits[12..]);
        text[19..23].CopyTo(digits[16..]);
        text[24..].CopyTo(digits[20..]);
        if (!ulong.TryParse(digits[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out low)
            || !ulong.TryParse(digits[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out high))
        {
            return false;
        }

        (low, high) = (BinaryPrimitives.ReverseEndianness(low), BinaryPrimitives.ReverseEndianness(high));
        return true;
    }

    /// <summary>Writes the text form, lower case.</summary>
    public static void Format(ulong low, ulong high, Span<byte> text)
    {
        Span<byte> digits = stackalloc byte[HexDigits];
        BinaryPrimitives.ReverseEndianness(low).TryFormat(digits, out _, "x16", CultureInfo.InvariantCulture);
        BinaryPrimitives.ReverseEndianness(high).TryFormat(digits[16..], out _, "x16", CultureInfo.InvariantCulture);
        digits[..8].CopyTo(text);
        digits[8..12].CopyTo(text[9..]);
        digits[12..16].CopyTo(text[14..]);
        digits[16..20].CopyTo(text[19..]);
        digits[20..].CopyTo(text[24..]);
        text[8] = text[13] = text[18] = text[23] = (byte)'-';
    }
}
