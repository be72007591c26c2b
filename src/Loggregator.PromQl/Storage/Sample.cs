using System.Runtime.CompilerServices;

namespace Loggregator.PromQl.Storage;

/// <summary>A value at a time.</summary>
/// <param name="Time">Milliseconds since 1970.</param>
/// <param name="Value">The value; a <see cref="Stale"/> marker says that the series ended here.</param>
public readonly record struct Sample(long Time, double Value)
{
    private const long StaleBits = 0x7ff0000000000002;

    /// <summary>The NaN that marks the end of a series, as Prometheus writes it.</summary>
    public static double Stale { get; } = BitConverter.Int64BitsToDouble(StaleBits);

    /// <summary>Whether <paramref name="value"/> is exactly the marker; other NaNs are values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsStale(double value) => BitConverter.DoubleToInt64Bits(value) == StaleBits;
}
