using System.Buffers;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Step 7 of the spine, outside of the store's lock: the samples of one message's envelopes. One per ingress stream, used again and again.
/// </summary>
/// <param name="store">Where they go: its seed hashes them.</param>
public sealed class SeriesBatch(SeriesStore store)
{
    private const long NanosecondsPerMillisecond = 1_000_000;
    private const int UsualCanonicalBytes = 64 * 1024;
    private ArrayBufferWriter<byte> _canonical = new(256);
    private SeriesRow[] _rows = new SeriesRow[128];
    private MetricRow[] _metrics = new MetricRow[256];
    private int _rowCount, _metricCount;

    internal ReadOnlySpan<SeriesRow> Rows => _rows.AsSpan(0, _rowCount);

    internal ReadOnlySpan<MetricRow> Metrics => _metrics.AsSpan(0, _metricCount);

    /// <summary>
    /// Adds the samples of the validated envelope at <paramref name="offset"/> of the message, if it has any: counters, gauges and timers named
    /// <c>http</c> do. What a tier of ours lost is not a metric of its source.
    /// </summary>
    public void Add(ReadOnlySpan<byte> message, int offset, int length, in EnvelopeHeader header)
    {
        if (!store.IsOn || header.Type is not (EnvelopeType.Counter or EnvelopeType.Gauge or EnvelopeType.Timer)
            || (header.Flags & EnvelopeFlags.GapRecord) != 0)
        {
            return;
        }

        var envelope = message.Slice(offset, length);
        switch (header.Type)
        {
            case EnvelopeType.Counter:
                var counter = EnvelopeReader.Counter(envelope, header);
                AddMetric(message, counter.Name, default, counter.Total, SeriesKind.Counter);
                AddRow(envelope, offset, header, metrics: 1);
                break;
            case EnvelopeType.Gauge:
                var before = _metricCount;
                var metrics = new MetricReader(envelope, header);
                while (metrics.MoveNext())
                {
                    AddMetric(message, metrics.Name, metrics.Unit, metrics.Value, SeriesKind.Gauge);
                }

                AddRow(envelope, offset, header, _metricCount - before);
                break;
            default:
                AddHttp(envelope, offset, header);
                break;
        }
    }

    /// <summary>Hands all samples to the store, and empties the batch.</summary>
    public void AppendTo(ReadOnlySpan<byte> message)
    {
        if (_rowCount > 0)
        {
            store.Append(message, this);
            _rowCount = 0;
            _metricCount = 0;
            if (_canonical.Capacity > UsualCanonicalBytes)
            {
                _canonical = new ArrayBufferWriter<byte>(256); // one large message does not keep its room
            }

            _canonical.ResetWrittenCount();
        }
    }

    /// <summary>The canonical identity of a row.</summary>
    internal ReadOnlySpan<byte> Canonical(in SeriesRow row) => _canonical.WrittenSpan.Slice(row.CanonicalOffset, row.CanonicalLength);

    private static long Milliseconds(long nanoseconds) =>
        (nanoseconds / NanosecondsPerMillisecond) - (nanoseconds % NanosecondsPerMillisecond < 0 ? 1 : 0);

    private void AddHttp(ReadOnlySpan<byte> envelope, int offset, in EnvelopeHeader header)
    {
        var timer = EnvelopeReader.Timer(envelope, header);
        if (!timer.Name.SequenceEqual("http"u8))
        {
            return;
        }

        var at = _canonical.WrittenCount;
        var sourceId = header.SourceId.Of(envelope);
        var instanceId = header.InstanceId.Of(envelope);
        if ((header.Flags & EnvelopeFlags.DeprecatedTags) == 0)
        {
            HttpRequests.WriteIdentity(_canonical, envelope, sourceId, instanceId);
        }
        else
        {
            using var converged = MessageBuffer.Rent(envelope.Length);
            EnvelopeIdentity.Write(converged, envelope, header);
            HttpRequests.WriteIdentity(_canonical, converged.Span, sourceId, instanceId);
        }

        ref var row = ref Add(envelope, offset, header);
        row.Hash = SetCanonical(ref row, at);
        row.Seconds = Math.Max(timer.Stop - (double)timer.Start, 0) / 1e9;
    }

    private void AddRow(ReadOnlySpan<byte> envelope, int offset, in EnvelopeHeader header, int metrics)
    {
        if (metrics == 0)
        {
            return;
        }

        ref var row = ref Add(envelope, offset, header);
        row.Metrics = metrics;
        if ((header.Flags & EnvelopeFlags.DeprecatedTags) == 0)
        {
            row.Hash = store.Index.HashOf(envelope, header);
            return;
        }

        var at = _canonical.WrittenCount;
        EnvelopeIdentity.Write(_canonical, envelope, header);
        row.Hash = SetCanonical(ref row, at);
    }

    private UInt128 SetCanonical(ref SeriesRow row, int at)
    {
        (row.CanonicalOffset, row.CanonicalLength) = (at, _canonical.WrittenCount - at);
        return store.Index.HashOf(_canonical.WrittenSpan[at..]);
    }

    private ref SeriesRow Add(ReadOnlySpan<byte> envelope, int offset, in EnvelopeHeader header)
    {
        if (_rowCount == _rows.Length)
        {
            Array.Resize(ref _rows, _rows.Length * 2);
        }

        ref var row = ref _rows[_rowCount++];
        row = default;
        (row.Offset, row.Length, row.Time) = (offset, envelope.Length, Milliseconds(header.Timestamp));
        return ref row;
    }

    private void AddMetric(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, double value, SeriesKind kind)
    {
        if (_metricCount == _metrics.Length)
        {
            Array.Resize(ref _metrics, _metrics.Length * 2);
        }

        ref var metric = ref _metrics[_metricCount++];
        message.Overlaps(name, out metric.NameOffset);
        message.Overlaps(unit, out metric.UnitOffset);
        (metric.NameLength, metric.UnitLength) = (name.Length, unit.Length);
        (metric.Value, metric.Kind) = (value, kind);
        metric.NameHash = store.Index.HashOfName(name);
    }
}
