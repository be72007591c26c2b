using System.Globalization;
using System.Runtime.CompilerServices;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Protocol.V1;

/// <summary>
/// Turns a v2 envelope into none, one or several dropsonde envelopes: a gauge that is no container's becomes one for each metric. From bytes to
/// bytes; what was read is a validated envelope, and what is written has all required fields.
/// </summary>
[SkipLocalsInit] // rooms for numbers as text, of which few are ever used
public static class V2ToV1
{
    /// <summary>Writes the v1 envelopes as records (field 1 of plumbing's BatchResponse and of AttachFrame).</summary>
    /// <param name="records">Where they go.</param>
    /// <param name="envelope">The v2 envelope.</param>
    /// <param name="header">Its header.</param>
    /// <param name="room">The most bytes that they may take together.</param>
    /// <param name="fault">Why there are none.</param>
    /// <returns>How many were written; all or none.</returns>
    public static int Write(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, int room, out ConversionFault fault)
    {
        ArgumentNullException.ThrowIfNull(records);
        fault = ConversionFault.None;
        switch (header.Type)
        {
            case EnvelopeType.Log:
                var tags = new V2Tags(envelope, header.Flags);
                return Count(IsError(tags) ? Error(records, envelope, header, tags, room) : Log(records, envelope, header, tags, room), ref fault);
            case EnvelopeType.Counter:
                return Count(Counter(records, envelope, header, room), ref fault);
            case EnvelopeType.Gauge:
                return Gauge(records, envelope, header, room, ref fault);
            case EnvelopeType.Timer:
                return Timer(records, envelope, header, room, ref fault);
            default:
                fault = header.Type == EnvelopeType.Event ? ConversionFault.NotInV1 : ConversionFault.NoPayload;
                return 0;
        }
    }

    /// <summary>Whether a v2 log was an Error in v1, by its tag <c>__v1_type</c>.</summary>
    internal static bool IsError(V2Tags tags)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        return tags.Text(KnownTag.V1Type, scratch).SequenceEqual("Error"u8);
    }

    private static int Count(bool written, ref ConversionFault fault)
    {
        fault = written ? ConversionFault.None : ConversionFault.TooLarge;
        return written ? 1 : 0;
    }

    private static bool Log(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, V2Tags tags, int room)
    {
        const byte Out = 1, Err = 2;
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        var composer = new DropsondeComposer(envelope, header, tags, KnownTags.OfLog, withInstance: false);
        var text = EnvelopeReader.LogPayload(envelope, header);
        var appId = header.SourceId.Of(envelope);
        var sourceType = tags.Text(KnownTag.SourceType, scratch);
        var instance = header.InstanceId.Of(envelope);
        var content = WireWriter.FieldLength(DropsondeFields.LogText, text.Length)
            + 2
            + 1 + WireWriter.VarintLength((ulong)header.Timestamp)
            + WireWriter.FieldLength(DropsondeFields.LogAppId, appId.Length)
            + WireWriter.FieldLength(DropsondeFields.LogSourceType, sourceType.Length)
            + WireWriter.FieldLength(DropsondeFields.LogSourceInstance, instance.Length);
        if (!composer.TryBegin(records, room, DropsondeType.LogMessage, content, out var wire))
        {
            return false;
        }

        wire.Bytes(DropsondeFields.LogText, text);
        wire.Varint(DropsondeFields.LogType);
        wire.Varint(EnvelopeReader.LogType(envelope, header) == 0 ? Out : Err);
        wire.Varint(DropsondeFields.LogTimestamp);
        wire.Varint((ulong)header.Timestamp);
        wire.Bytes(DropsondeFields.LogAppId, appId);
        wire.Bytes(DropsondeFields.LogSourceType, sourceType);
        wire.Bytes(DropsondeFields.LogSourceInstance, instance);
        composer.End(records, ref wire);
        return true;
    }

    private static bool Error(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, V2Tags tags, int room)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        var composer = new DropsondeComposer(envelope, header, tags, KnownTags.OfError, withInstance: false);
        var code = (ulong)(int)Number(tags.Text(KnownTag.Code, scratch));
        var source = tags.Text(KnownTag.Source, scratch);
        var text = EnvelopeReader.LogPayload(envelope, header);
        var content = WireWriter.FieldLength(DropsondeFields.ErrorSource, source.Length)
            + 1 + WireWriter.VarintLength(code)
            + WireWriter.FieldLength(DropsondeFields.ErrorText, text.Length);
        if (!composer.TryBegin(records, room, DropsondeType.Error, content, out var wire))
        {
            return false;
        }

        wire.Bytes(DropsondeFields.ErrorSource, source);
        wire.Varint(DropsondeFields.ErrorCode);
        wire.Varint(code);
        wire.Bytes(DropsondeFields.ErrorText, text);
        composer.End(records, ref wire);
        return true;
    }

    private static bool Counter(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, int room)
    {
        var composer = new DropsondeComposer(envelope, header, new V2Tags(envelope, header.Flags), without: 0, withInstance: true);
        var counter = EnvelopeReader.Counter(envelope, header);
        var content = WireWriter.FieldLength(DropsondeFields.CounterName, counter.Name.Length)
            + 1 + WireWriter.VarintLength(counter.Delta)
            + 1 + WireWriter.VarintLength(counter.Total);
        if (!composer.TryBegin(records, room, DropsondeType.CounterEvent, content, out var wire))
        {
            return false;
        }

        wire.Bytes(DropsondeFields.CounterName, counter.Name);
        wire.Varint(DropsondeFields.CounterDelta);
        wire.Varint(counter.Delta);
        wire.Varint(DropsondeFields.CounterTotal);
        wire.Varint(counter.Total);
        composer.End(records, ref wire);
        return true;
    }

    private static int Gauge(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, int room, ref ConversionFault fault)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var metrics = new MapEntries(envelope, scratch);
        try
        {
            metrics.CollectMetrics(header);
            metrics.SortDistinct();
            if (metrics.Entries.Length == 0)
            {
                fault = ConversionFault.NoPayload;
                return 0;
            }

            return metrics.Entries.Length > 1 && ContainerUsage.TryRead(envelope, metrics.Entries, out var usage)
                ? Count(Container(records, envelope, header, usage, room), ref fault)
                : Values(records, envelope, header, metrics.Entries, room, ref fault);
        }
        finally
        {
            metrics.Dispose();
        }
    }

    private static int Values(
        MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<MapEntry> metrics, int room, ref ConversionFault fault)
    {
        var start = records.Length;
        var composer = new DropsondeComposer(envelope, header, new V2Tags(envelope, header.Flags), without: 0, withInstance: true);
        foreach (var metric in metrics)
        {
            var name = metric.Key.Of(envelope);
            MetricReader.ReadValue(metric.Value.Of(envelope), out var unit, out var value);
            var content = WireWriter.FieldLength(DropsondeFields.ValueName, name.Length) + 9
                + WireWriter.FieldLength(DropsondeFields.ValueUnit, unit.Length);
            if (!composer.TryBegin(records, room - (records.Length - start), DropsondeType.ValueMetric, content, out var wire))
            {
                records.Truncate(start);
                fault = ConversionFault.TooLarge;
                return 0;
            }

            wire.Bytes(DropsondeFields.ValueName, name);
            wire.Double(DropsondeFields.ValueNumber, value);
            wire.Bytes(DropsondeFields.ValueUnit, unit);
            composer.End(records, ref wire);
        }

        return metrics.Length;
    }

    private static bool Container(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, in ContainerUsage usage, int room)
    {
        var composer = new DropsondeComposer(envelope, header, new V2Tags(envelope, header.Flags), without: 0, withInstance: false);
        var appId = header.SourceId.Of(envelope);
        var index = (ulong)(usage.InstanceIndex is { } metric ? (int)metric : InstanceIndex(header.InstanceId.Of(envelope)));
        ReadOnlySpan<ulong> bytes = [(ulong)usage.Memory, (ulong)usage.Disk, (ulong)usage.MemoryQuota, (ulong)usage.DiskQuota]; // clamped, NaN is 0
        var content = WireWriter.FieldLength(DropsondeFields.ContainerAppId, appId.Length) + 1 + WireWriter.VarintLength(index) + 9;
        foreach (var number in bytes)
        {
            content += 1 + WireWriter.VarintLength(number);
        }

        if (!composer.TryBegin(records, room, DropsondeType.ContainerMetric, content, out var wire))
        {
            return false;
        }

        wire.Bytes(DropsondeFields.ContainerAppId, appId);
        wire.Varint(DropsondeFields.ContainerIndex);
        wire.Varint(index);
        wire.Double(DropsondeFields.ContainerCpu, usage.Cpu);
        var field = DropsondeFields.ContainerMemory;
        foreach (var number in bytes)
        {
            wire.Varint(field);
            wire.Varint(number);
            field += 8;
        }

        composer.End(records, ref wire);
        return true;
    }

    private static int Timer(MessageBuffer records, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, int room, ref ConversionFault fault)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        var tags = new V2Tags(envelope, header.Flags);
        if (!UuidPacking.TryParse(tags.Text(KnownTag.RequestId, scratch), out var low, out var high))
        {
            fault = ConversionFault.MissingField;
            return 0;
        }

        var http = new HttpContent(envelope, header, tags, low, high);
        var composer = new DropsondeComposer(envelope, header, tags, KnownTags.OfHttp, withInstance: false);
        var fits = composer.TryBegin(records, room, DropsondeType.HttpStartStop, http.Length, out var wire);
        if (fits)
        {
            http.Write(ref wire);
            composer.End(records, ref wire);
        }

        return Count(fits, ref fault);
    }

    /// <summary>A decimal number; 0 for any other text.</summary>
    internal static long Number(ReadOnlySpan<byte> text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>An instance's number; 0 for any other id.</summary>
    internal static int InstanceIndex(ReadOnlySpan<byte> instanceId) =>
        int.TryParse(instanceId, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
