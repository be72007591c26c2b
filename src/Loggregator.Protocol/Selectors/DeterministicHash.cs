using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// What chooses the member of a group with deterministic names: a counter's or gauge's names alone. Original Dopplers compute the same, so
/// that a mixed set of Dopplers agrees.
/// </summary>
public static class DeterministicHash
{
    /// <summary>
    /// CRC of a counter's name, or wrapping sum of the CRCs of a gauge's names. False for the other types, which spread at random.
    /// </summary>
    public static bool TryCompute(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, out ulong hash)
    {
        hash = 0;
        switch (header.Type)
        {
            case EnvelopeType.Counter:
                hash = Crc64.Compute(EnvelopeReader.Counter(envelope, header).Name);
                return true;
            case EnvelopeType.Gauge:
                hash = SumOfNames(envelope, header);
                return true;
            default:
                return false;
        }
    }

    private static ulong SumOfNames(ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var metrics = new MapEntries(envelope, scratch);
        try
        {
            metrics.CollectMetrics(header);
            metrics.SortDistinct();
            var sum = 0UL;
            foreach (var metric in metrics.Entries)
            {
                sum += Crc64.Compute(metric.Key.Of(envelope));
            }

            return sum;
        }
        finally
        {
            metrics.Dispose();
        }
    }
}
