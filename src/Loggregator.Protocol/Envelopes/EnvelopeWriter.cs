using System.Buffers;
using System.Text;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Builds envelopes straight into a buffer: one call writes a whole envelope, without a record's header; <see cref="Tag"/> before or
/// behind it adds to it, as the order of fields is free. Texts are UTF-8; the caller vouches for that.
/// </summary>
public static class EnvelopeWriter
{
    /// <summary>Writes a log.</summary>
    public static void Log(
        IBufferWriter<byte> writer,
        long timestamp,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        ReadOnlySpan<byte> payload,
        bool isError = false)
    {
        var content = WireWriter.TextLength(Fields.LogPayload, payload) + WireWriter.NumberLength(Fields.LogType, isError ? 1u : 0);
        var wire = Begin(writer, timestamp, sourceId, instanceId, Fields.Log, content);
        wire.Text(Fields.LogPayload, payload);
        wire.Number(Fields.LogType, isError ? 1u : 0);
        wire.CommitTo(writer);
    }

    /// <summary>Writes a counter.</summary>
    public static void Counter(
        IBufferWriter<byte> writer,
        long timestamp,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        ReadOnlySpan<byte> name,
        ulong delta,
        ulong total = 0)
    {
        var content = WireWriter.TextLength(Fields.CounterName, name)
            + WireWriter.NumberLength(Fields.CounterDelta, delta)
            + WireWriter.NumberLength(Fields.CounterTotal, total);
        var wire = Begin(writer, timestamp, sourceId, instanceId, Fields.Counter, content);
        wire.Text(Fields.CounterName, name);
        wire.Number(Fields.CounterDelta, delta);
        wire.Number(Fields.CounterTotal, total);
        wire.CommitTo(writer);
    }

    /// <summary>Writes a gauge of any number of metrics, whose names differ.</summary>
    public static void Gauge(
        IBufferWriter<byte> writer,
        long timestamp,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        params ReadOnlySpan<GaugeMetric> metrics)
    {
        var content = 0;
        foreach (var metric in metrics)
        {
            content += WireWriter.FieldLength(Fields.GaugeMetrics, MetricLength(metric, out _, out _, out _));
        }

        var wire = Begin(writer, timestamp, sourceId, instanceId, Fields.Gauge, content);
        foreach (var metric in metrics)
        {
            var entry = MetricLength(metric, out var name, out var unit, out var value);
            wire.Header(Fields.GaugeMetrics, entry);
            wire.Header(Fields.Key, name);
            wire.Utf16(metric.Name);
            wire.Header(Fields.Value, value);
            if (unit > 0)
            {
                wire.Header(Fields.GaugeUnit, unit);
                wire.Utf16(metric.Unit);
            }

            wire.Double(Fields.GaugeNumber, metric.Value);
        }

        wire.CommitTo(writer);
    }

    /// <summary>Writes a timer; start and stop are UNIX nanoseconds.</summary>
    public static void Timer(
        IBufferWriter<byte> writer,
        long timestamp,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        ReadOnlySpan<byte> name,
        long start,
        long stop)
    {
        var content = WireWriter.TextLength(Fields.TimerName, name)
            + WireWriter.NumberLength(Fields.TimerStart, (ulong)start)
            + WireWriter.NumberLength(Fields.TimerStop, (ulong)stop);
        var wire = Begin(writer, timestamp, sourceId, instanceId, Fields.Timer, content);
        wire.Text(Fields.TimerName, name);
        wire.Number(Fields.TimerStart, (ulong)start);
        wire.Number(Fields.TimerStop, (ulong)stop);
        wire.CommitTo(writer);
    }

    /// <summary>Writes an event.</summary>
    public static void Event(
        IBufferWriter<byte> writer,
        long timestamp,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        ReadOnlySpan<byte> title,
        ReadOnlySpan<byte> body)
    {
        var content = WireWriter.TextLength(Fields.EventTitle, title) + WireWriter.TextLength(Fields.EventBody, body);
        var wire = Begin(writer, timestamp, sourceId, instanceId, Fields.Event, content);
        wire.Text(Fields.EventTitle, title);
        wire.Text(Fields.EventBody, body);
        wire.CommitTo(writer);
    }

    /// <summary>Writes one entry of <c>tags</c>, as part of the envelope that is being written. Of equal keys the last written wins.</summary>
    public static void Tag(IBufferWriter<byte> writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        MapEntry(writer, Fields.Tags, key, value);
    }

    /// <summary>Writes the source id as part of the envelope that is being written, in place of one written before.</summary>
    public static void SourceId(IBufferWriter<byte> writer, ReadOnlySpan<byte> sourceId)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(Fields.SourceId, sourceId.Length)));
        wire.Bytes(Fields.SourceId, sourceId);
        wire.CommitTo(writer);
    }

    /// <summary>Writes one entry of a map whose value is a text, or a message given as its content.</summary>
    internal static void MapEntry(IBufferWriter<byte> writer, uint map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var entry = WireWriter.FieldLength(Fields.Key, key.Length) + WireWriter.FieldLength(Fields.Value, value.Length);
        var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(map, entry)));
        wire.Header(map, entry);
        wire.Bytes(Fields.Key, key);
        wire.Bytes(Fields.Value, value);
        wire.CommitTo(writer);
    }

    private static WireWriter Begin(
        IBufferWriter<byte> writer,
        long timestamp,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        uint member,
        int content)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var length = WireWriter.NumberLength(Fields.Timestamp, (ulong)timestamp)
            + WireWriter.TextLength(Fields.SourceId, sourceId)
            + WireWriter.TextLength(Fields.InstanceId, instanceId)
            + WireWriter.FieldLength(member, content);
        var wire = new WireWriter(writer.GetSpan(length));
        wire.Number(Fields.Timestamp, (ulong)timestamp);
        wire.Text(Fields.SourceId, sourceId);
        wire.Text(Fields.InstanceId, instanceId);
        wire.Header(member, content);
        return wire;
    }

    private static int MetricLength(in GaugeMetric metric, out int name, out int unit, out int value)
    {
        name = Encoding.UTF8.GetByteCount(metric.Name);
        unit = Encoding.UTF8.GetByteCount(metric.Unit);
        value = 9 + (unit == 0 ? 0 : WireWriter.FieldLength(Fields.GaugeUnit, unit));
        return WireWriter.FieldLength(Fields.Key, name) + WireWriter.FieldLength(Fields.Value, value);
    }
}
