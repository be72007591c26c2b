using System.Numerics;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// A few integers, each told by how far it is from where it was expected: on a straight line from the first, a steady step behind the one before, or the
/// step behind it that was taken last (delta of delta); whichever is the shortest. These residuals are Rice codes: a quotient of ones, and k bits. All
/// arithmetic wraps, so that any integers come back.
/// </summary>
internal static class IntegerCodec
{
    private const int Line = 0, Steady = 1, Changing = 2;
    private const int Escape = 12;  // so many ones, and a number with its own length follows
    private const int NoResiduals = 63; // in place of k: all are zero
    private const int KBits = 6;
    private const int Lengths = 65; // of numbers in bits

    // Twice the bits of the quotient, its zero included, of numbers that are so many bits longer than k: the mean of all of that length.
    private static ReadOnlySpan<byte> DoubledQuotients => [2, 4, 7, 13, 21];

    /// <summary>Writes all but the first of <paramref name="numbers"/>.</summary>
    public static void Write(ref BitWriter writer, scoped ReadOnlySpan<long> numbers)
    {
        if (numbers.Length < 2)
        {
            return;
        }

        var count = numbers.Length - 1;
        var step = Step(numbers[^1] - numbers[0], count);
        Span<int> lengths = stackalloc int[3 * Lengths]; // of the residuals: how many have so many bits
        Span<int> onLine = lengths[..Lengths], steady = lengths[Lengths..(2 * Lengths)], changing = lengths[(2 * Lengths)..];
        var last = step;
        var line = numbers[0];
        for (var i = 0; i < count; i++)
        {
            var delta = numbers[i + 1] - numbers[i];
            line += step;
            onLine[LengthOf(numbers[i + 1] - line)]++;
            steady[LengthOf(delta - step)]++;
            changing[LengthOf(delta - last)]++;
            last = delta;
        }

        var form = Line;
        var (k, cost) = BestK(onLine);
        if (BestK(steady) is var (steadyK, steadyCost) && steadyCost < cost)
        {
            (form, k, cost) = (Steady, steadyK, steadyCost);
        }

        if (BestK(changing) is var (changingK, changingCost) && changingCost < cost)
        {
            (form, k) = (Changing, changingK);
        }

        writer.Write((ulong)form, 2);
        writer.WriteSized(ZigZag(step));
        writer.Write((ulong)k, KBits);
        if (k != NoResiduals)
        {
            WriteResiduals(ref writer, numbers, form, step, k);
        }
    }

    /// <summary>Reads what comes behind <c>numbers[0]</c>.</summary>
    public static void Read(ref BitReader reader, scoped Span<long> numbers)
    {
        if (numbers.Length < 2)
        {
            return;
        }

        var form = (int)reader.Read(2);
        var step = UnZigZag(reader.ReadSized());
        var k = (int)reader.Read(KBits);
        var line = numbers[0];
        for (var i = 1; i < numbers.Length; i++)
        {
            var residual = UnZigZag(k == NoResiduals ? 0 : ReadResidual(ref reader, k));
            line += step;
            numbers[i] = residual + (form == Line ? line : numbers[i - 1] + step);
            step = form == Changing ? numbers[i] - numbers[i - 1] : step;
        }
    }

    /// <summary>Small numbers of either sign as small numbers.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>Back again.</summary>
    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    // To the nearest: on a line an error adds up.
    private static long Step(long distance, long count)
    {
        var rest = distance % count;
        return (distance / count) + (rest * 2 >= count ? 1 : rest * 2 <= -count ? -1 : 0);
    }

    private static void WriteResiduals(ref BitWriter writer, scoped ReadOnlySpan<long> numbers, int form, long step, int k)
    {
        var line = numbers[0];
        for (var i = 1; i < numbers.Length; i++)
        {
            line += step;
            var residual = ZigZag(numbers[i] - (form == Line ? line : numbers[i - 1] + step));
            step = form == Changing ? numbers[i] - numbers[i - 1] : step;
            var quotient = residual >> k;
            if (quotient < Escape)
            {
                writer.Write(((1UL << (int)quotient) - 1) << 1, (int)quotient + 1);
                writer.Write(residual, k);
            }
            else
            {
                writer.Write((1UL << Escape) - 1, Escape);
                writer.WriteSized(residual);
            }
        }
    }

    private static ulong ReadResidual(ref BitReader reader, int k)
    {
        var quotient = reader.ReadOnes(Escape);
        return quotient == Escape ? reader.ReadSized() : ((ulong)quotient << k) | reader.Read(k);
    }

    private static int LengthOf(long residual) => 64 - BitOperations.LeadingZeroCount(ZigZag(residual));

    // By the lengths alone: it is off by a few per cent at most, and takes no pass over the residuals for each k.
    private static (int K, int DoubledBits) BestK(ReadOnlySpan<int> lengths)
    {
        var longest = lengths.LastIndexOfAnyExcept(0);
        if (longest == 0)
        {
            return (NoResiduals, 0);
        }

        var (best, least) = (0, int.MaxValue);
        for (var k = 0; k < Math.Min(longest + 1, NoResiduals); k++)
        {
            var bits = 0;
            for (var length = 0; length <= longest && bits < least; length++)
            {
                bits += lengths[length] * DoubledLength(length, k);
            }

            if (bits < least)
            {
                (best, least) = (k, bits);
            }
        }

        return (best, least);
    }

    private static int DoubledLength(int length, int k)
    {
        var beyond = Math.Max(length - k, 0);
        return beyond < DoubledQuotients.Length ? DoubledQuotients[beyond] + (2 * k) : 2 * (Escape + 7 + length);
    }
}
