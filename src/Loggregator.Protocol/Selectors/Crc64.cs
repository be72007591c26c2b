namespace Loggregator.Protocol.Selectors;

/// <summary>CRC-64/XZ: reflected polynomial C96C5795D7870F42, initial value and final mask all ones. What original Dopplers share groups by.</summary>
public static class Crc64
{
    private static readonly ulong[] Table = BuildTable();

    /// <summary>The checksum of these bytes.</summary>
    public static ulong Compute(ReadOnlySpan<byte> bytes)
    {
        var crc = ulong.MaxValue;
        foreach (var value in bytes)
        {
            crc = Table[(byte)crc ^ value] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static ulong[] BuildTable()
    {
        var table = new ulong[256];
        for (var i = 0u; i < 256; i++)
        {
            ulong crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xC96C5795D7870F42;
            }

            table[i] = crc;
        }

        return table;
    }
}
