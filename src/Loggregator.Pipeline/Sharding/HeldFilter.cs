using System.IO.Hashing;

namespace Loggregator.Pipeline.Sharding;

/// <summary>
/// The Bloom filter over source ids that a Doppler announces and that readers ask. Bit k is bit k % 8 of byte k / 8; the i-th of a source's
/// bits, from i = 0, is (a + i·b) mod the number of bits, with a the low and b the high 32 bits of XxHash3-64 (seed 0) of its UTF-8 id.
/// </summary>
public static class HeldFilter
{
    /// <summary>Bits per source that keep false answers below one in a hundred.</summary>
    public const int BitsPerSource = 10;

    /// <summary>Hashes that go with <see cref="BitsPerSource"/>.</summary>
    public const int Hashes = 7;

    /// <summary>An empty filter for so many sources.</summary>
    public static byte[] Create(int sources) => new byte[Math.Max(128, ((sources * BitsPerSource) + 7) / 8)];

    /// <summary>Adds a source.</summary>
    public static void Add(Span<byte> filter, int hashes, ReadOnlySpan<byte> sourceId)
    {
        var hash = XxHash3.HashToUInt64(sourceId);
        var bits = (ulong)filter.Length * 8;
        for (var i = 0; i < hashes; i++)
        {
            var bit = ((uint)hash + ((ulong)i * (hash >> 32))) % bits;
            filter[(int)(bit / 8)] |= (byte)(1 << (int)(bit % 8));
        }
    }

    /// <summary>False when the source was surely not added.</summary>
    public static bool MayHold(ReadOnlySpan<byte> filter, int hashes, ReadOnlySpan<byte> sourceId)
    {
        if (filter.IsEmpty)
        {
            return false;
        }

        var hash = XxHash3.HashToUInt64(sourceId);
        var bits = (ulong)filter.Length * 8;
        for (var i = 0; i < hashes; i++)
        {
            var bit = ((uint)hash + ((ulong)i * (hash >> 32))) % bits;
            if ((filter[(int)(bit / 8)] & (1 << (int)(bit % 8))) == 0)
            {
                return false;
            }
        }

        return true;
    }
}
