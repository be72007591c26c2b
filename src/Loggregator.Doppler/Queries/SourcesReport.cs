using Google.Protobuf;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Queries;

/// <summary>Who is sending and what is held, as messages of the internal protocol.</summary>
internal sealed class SourcesReport(LogSources sources, SeriesStore series, DopplerIdentity identity)
{
    private const int PerFrame = 500;

    /// <summary>At least one frame, which names the Doppler.</summary>
    public IEnumerable<SourcesFrame> Frames(SourcesRequest request)
    {
        var wanted = request.SourceIds.Select(id => ByteString.CopyFromUtf8(id)).ToHashSet();
        var listed = sources.List(id => wanted.Count == 0 || wanted.Contains(ByteString.CopyFrom(id)));
        foreach (var chunk in listed.Where(source => wanted.Count == 0 || !source.IsOther).Select(Describe).Chunk(PerFrame).DefaultIfEmpty([]))
        {
            yield return new SourcesFrame { DopplerId = identity.Id, Sources = { chunk } };
        }
    }

    private Source Describe(SourceStatistics source)
    {
        var (count, bytes, folded) = source.IsOther ? default : series.UsageOf(source.SourceId);
        var described = new Source
        {
            SourceId = System.Text.Encoding.UTF8.GetString(source.SourceId),
            Envelopes = (ulong)source.Envelopes,
            Bytes = (ulong)source.Bytes,
            HeldEnvelopes = (ulong)source.HeldEnvelopes,
            HeldBytes = (ulong)source.HeldBytes,
            Evicted = (ulong)source.Evicted,
            Lost = (ulong)source.Lost,
            OldestTimestamp = source.OldestTimestamp,
            NewestTimestamp = source.NewestTimestamp,
            IsOther = source.IsOther,
            Logs = Describe(source.Logs),
            Metrics = Describe(source.Metrics),
            Series = (ulong)count,
            SeriesBytes = (ulong)bytes,
            SeriesFolded = (ulong)folded,
        };
        for (var type = 0; type < TypeCounts.Length; type++)
        {
            described.ByType.Add((ulong)source.ByType[type]);
        }

        return described;
    }

    private static SourceClass Describe(SourceClassStatistics held) => new()
    {
        HeldEnvelopes = (ulong)held.HeldEnvelopes,
        HeldBytes = (ulong)held.HeldBytes,
        Evicted = (ulong)held.Evicted,
    };
}
