using System.Numerics;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// The max-min fair share over the sources' held bytes, kept up to date in O(1) by power-of-two bins: how much each source may hold so that
/// all together hold at most a given sum. Append lock.
/// </summary>
internal sealed class WaterLevel
{
    private readonly long[] _sums = new long[64];
    private readonly int[] _counts = new int[64];

    /// <summary>Sources that hold something.</summary>
    public int Holders { get; private set; }

    /// <summary>A source holds <paramref name="now"/> bytes instead of <paramref name="before"/>.</summary>
    public void Change(long before, long now)
    {
        var from = Bin(before);
        var to = Bin(now);
        _sums[to] += now;
        _sums[from] -= before;
        if (from != to)
        {
            _counts[from]--;
            _counts[to]++;
        }

        Holders += (now > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
    }

    /// <summary>
    /// The level K with sum(min(held, K)) at most <paramref name="bytes"/>. Sources of the bin that K falls into are all charged K, so it
    /// errs on the low side, by less than a factor of two.
    /// </summary>
    public long LevelFor(long bytes)
    {
        long below = 0;
        var from = Holders;
        for (var bin = 1; bin < 63 && from > 0; bin++)
        {
            if (_counts[bin] == 0)
            {
                continue;
            }

            var level = (bytes - below) / from;
            if (level < 1L << bin)
            {
                return Math.Max(level, 0);
            }

            below += _sums[bin];
            from -= _counts[bin];
        }

        return long.MaxValue;
    }

    // Bin 0 is that of sources that hold nothing; bin b holds those with 2^(b-1) <= held < 2^b.
    private static int Bin(long held) => held <= 0 ? 0 : 64 - BitOperations.LeadingZeroCount((ulong)held);
}
