using System.Globalization;

namespace Loggregator.Nozzle.Spool.Format;

/// <summary>The name of a segment's file: number and salt in hexadecimal, so that its blocks can be read when its header is damaged.</summary>
internal static class SegmentName
{
    private const string Extension = ".segment";
    private const int Digits = 16;

    public static string Of(ulong number, ulong salt) => string.Create(CultureInfo.InvariantCulture, $"{number:x16}-{salt:x16}{Extension}");

    public static bool TryRead(string name, out ulong number, out ulong salt)
    {
        (number, salt) = (0, 0);
        return name.Length == Digits + 1 + Digits + Extension.Length
            && name[Digits] == '-'
            && name.EndsWith(Extension, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, Digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            && ulong.TryParse(name.AsSpan(Digits + 1, Digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out salt);
    }
}
