using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>Who is in the log, and since when. Any thread; takes the append lock for short whiles.</summary>
public sealed class LogSources(EnvelopeLog log)
{
    private const int Chunk = 1000; // entries that are copied while appends wait

    private readonly Lock _gate = new();
    private byte[] _filter = [];
    private long _filterVersion = -1;
    private long _filterPosition;
    private bool _all;

    /// <summary>
    /// A Bloom filter over the sources of what is held from before the position; the same array until something has changed. All: it cannot tell.
    /// </summary>
    public (byte[] Filter, bool All, long Position) Filter()
    {
        lock (_gate)
        {
            var table = log.SourceTable;
            lock (log.AppendGate)
            {
                if (_filterVersion == table.HeldVersion)
                {
                    return (_filter, _all, _filterPosition);
                }

                _filterPosition = log.Head;
                _filterVersion = table.HeldVersion;
                _all = table.Entries[SourceTable.Other].HeldRows > 0;
            }

            _filter = HeldFilter.Create(log.HeldSources);
            ForEach(entry =>
            {
                if (entry.HeldRows > 0)
                {
                    HeldFilter.Add(_filter, HeldFilter.Hashes, entry.Id);
                }
            });
            return (_filter, _all, _filterPosition);
        }
    }

    /// <summary>The sources that <paramref name="wanted"/> takes, by UTF-8 id.</summary>
    public IReadOnlyList<SourceStatistics> List(Func<byte[], bool> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var listed = new Dictionary<int, SourceStatistics>();
        ForEach(entry =>
        {
            if ((entry.Envelopes > 0 || entry.HeldRows > 0) && (entry.Ordinal == SourceTable.Other || wanted(entry.Id)))
            {
                listed[entry.Ordinal] = Describe(entry);
            }
        });
        FindOldest(listed);
        return [.. listed.Values];
    }

    private static SourceStatistics Describe(SourceEntry entry) => new()
    {
        SourceId = entry.Ordinal == SourceTable.Other ? LossTable.Other.ToArray() : entry.Id,
        IsOther = entry.Ordinal == SourceTable.Other,
        Envelopes = entry.Envelopes,
        Bytes = entry.Bytes,
        HeldEnvelopes = entry.HeldRows,
        Logs = Describe(entry.Share(EnvelopeClass.Logs)),
        Metrics = Describe(entry.Share(EnvelopeClass.Metrics)),
        Lost = entry.Lost,
        NewestTimestamp = entry.NewestTimestamp,
        ByType = entry.ByType,
    };

    private static SourceClassStatistics Describe(in SourceShare share) => new(share.Rows, share.Bytes, share.Evicted);

    private void ForEach(Action<SourceEntry> visit)
    {
        for (var from = 0; ; from += Chunk)
        {
            lock (log.AppendGate)
            {
                var entries = log.SourceTable.Entries;
                for (var at = from; at < Math.Min(from + Chunk, entries.Count); at++)
                {
                    visit(entries[at]);
                }

                if (from + Chunk >= entries.Count)
                {
                    return;
                }
            }
        }
    }

    private List<(Segment Segment, int Generation)> Segments()
    {
        lock (log.AppendGate)
        {
            return log.Segments.List();
        }
    }

    // The first row of each source, from the oldest on. A consumer without subscriptions lends its gate, which keeps segments in place.
    private void FindOldest(Dictionary<int, SourceStatistics> listed)
    {
        var missing = listed.Where(pair => pair.Value.HeldEnvelopes > 0).Select(pair => pair.Key).ToHashSet();
        using var guard = new LogConsumer(log, new DeliveryCounters());
        guard.HoldEverything();
        foreach (var (segment, generation) in Segments())
        {
            lock (guard.Gate)
            {
                var count = segment.Generation == generation ? segment.Count : 0;
                for (var row = 0; row < count && missing.Count > 0; row++)
                {
                    if (segment.Kinds[row] != RowKind.Dead && missing.Remove(segment.Sources[row])
                        && RawEnvelope.TryReadHeader(segment.Envelope(row), out var header))
                    {
                        listed[segment.Sources[row]].OldestTimestamp = header.Timestamp;
                    }
                }
            }
        }
    }
}
