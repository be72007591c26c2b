using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Query;

/// <summary>What the Dopplers that answered know of sources, added up by source id; a series counts at each Doppler that holds some of it.</summary>
/// <param name="Sources">By source id.</param>
/// <param name="Answered">Dopplers that answered.</param>
/// <param name="Lacking">Of these, those that came back of late without what they had held.</param>
/// <param name="Known">Dopplers there are.</param>
internal sealed record SourceReport(IReadOnlyDictionary<string, Source> Sources, int Answered, int Lacking, int Known)
{
    /// <summary>The key of what Dopplers do not tell apart: no source id, as these are texts.</summary>
    public const string Other = "\0";

    /// <summary>Adds what another Doppler knows of the same source.</summary>
    public static void Add(Source sum, Source other)
    {
        if (other.HeldEnvelopes > 0 && (sum.HeldEnvelopes == 0 || other.OldestTimestamp < sum.OldestTimestamp))
        {
            sum.OldestTimestamp = other.OldestTimestamp;
        }

        sum.Envelopes += other.Envelopes;
        sum.Bytes += other.Bytes;
        sum.HeldEnvelopes += other.HeldEnvelopes;
        sum.HeldBytes += other.HeldBytes;
        sum.Evicted += other.Evicted;
        sum.Lost += other.Lost;
        sum.Series += other.Series;
        sum.SeriesBytes += other.SeriesBytes;
        sum.SeriesFolded += other.SeriesFolded;
        sum.NewestTimestamp = Math.Max(sum.NewestTimestamp, other.NewestTimestamp);

        sum.Logs = Sum(sum.Logs, other.Logs);
        sum.Metrics = Sum(sum.Metrics, other.Metrics);
        for (var type = 0; type < other.ByType.Count; type++)
        {
            if (type < sum.ByType.Count)
            {
                sum.ByType[type] += other.ByType[type];
            }
            else
            {
                sum.ByType.Add(other.ByType[type]);
            }
        }
    }

    private static SourceClass? Sum(SourceClass? one, SourceClass? other) => one is null || other is null ? one ?? other : new SourceClass
    {
        HeldEnvelopes = one.HeldEnvelopes + other.HeldEnvelopes,
        HeldBytes = one.HeldBytes + other.HeldBytes,
        Evicted = one.Evicted + other.Evicted,
    };
}
