using Loggregator.Protocol.LogCache;
using Loggregator.TrafficController.Query;

namespace Loggregator.TrafficController.LogCache;

/// <summary>What is held of each source, over all Dopplers. A source of which nothing is held any more is not there.</summary>
internal sealed class MetaReads(SourceQuery sources)
{
    /// <summary>By source id; null when no Doppler has answered although there are some.</summary>
    public async Task<(MetaResponse? Meta, int Answered, int Known)> AskAsync(CancellationToken cancel)
    {
        var report = await sources.AskAsync([], cancel);
        if (report.Answered == 0 && report.Known > 0)
        {
            return (null, 0, report.Known);
        }

        var meta = new MetaResponse();
        foreach (var source in report.Sources.Values.Where(source => source.HeldEnvelopes > 0 && !source.IsOther))
        {
            meta.Meta.Add(source.SourceId, new MetaInfo
            {
                Count = (long)source.HeldEnvelopes,
                Expired = (long)source.Evicted,
                OldestTimestamp = source.OldestTimestamp,
                NewestTimestamp = source.NewestTimestamp,
            });
        }

        return (meta, report.Answered - report.Lacking, report.Known);
    }
}
