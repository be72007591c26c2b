using System.Numerics;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Doubles as what differs from the one before, bit by bit (Pelkonen et al., Gorilla, VLDB 2015, section 4.1.2). Any bits come back.
/// </summary>
internal static class XorCodec
{
    private const int LeadingBits = 5, LengthBits = 6, MaxLeading = 31;

    /// <summary>Writes all values.</summary>
    public static void Write(ref BitWriter writer, scoped ReadOnlySpan<Sample> samples)
    {
        var last = BitConverter.DoubleToUInt64Bits(samples[0].Value);
        writer.Write(last, 64);
        int leading = 64, trailing = 64; // of the window of bits that was told last
        foreach (var sample in samples[1..])
        {
            var bits = BitConverter.DoubleToUInt64Bits(sample.Value);
            var difference = bits ^ last;
            last = bits;
            if (difference == 0)
            {
                writer.Write(0, 1);
                continue;
            }

            var zeros = Math.Min(BitOperations.LeadingZeroCount(difference), MaxLeading);
            var end = BitOperations.TrailingZeroCount(difference);
            if (zeros >= leading && end >= trailing)
            {
                writer.Write(0b10, 2);
            }
            else
            {
                (leading, trailing) = (zeros, end);
                writer.Write(0b11, 2);
                writer.Write((ulong)leading, LeadingBits);
                writer.Write((ulong)(63 - leading - trailing), LengthBits);
            }

            writer.Write(difference >> trailing, 64 - leading - trailing);
        }
    }

    /// <summary>Reads a value for each of <paramref name="samples"/>, whose times are there.</summary>
    public static void Read(ref BitReader reader, scoped Span<Sample> samples)
    {
        var last = reader.Read(64);
        int leading = 0, length = 64;
        for (var i = 0; i < samples.Length; i++)
        {
            if (i > 0 && reader.Read(1) == 1)
            {
                if (reader.Read(1) == 1)
                {
                    leading = (int)reader.Read(LeadingBits);
                    length = Math.Min((int)reader.Read(LengthBits) + 1, 64 - leading);
                }

                last ^= reader.Read(length) << (64 - leading - length);
            }

            samples[i] = samples[i] with { Value = BitConverter.UInt64BitsToDouble(last) };
        }
    }
}
