using System.Buffers;

namespace Loggregator.Protocol.V1;

/// <summary>
/// Turns a dropsonde envelope into the one v2 envelope that it is, with preferred tags: <c>origin</c>, <c>deployment</c>, <c>job</c>,
/// <c>index</c>, <c>ip</c> and <c>__v1_type</c> always, and what else its type has. Texts that are no UTF-8 get U+FFFD in their place.
/// </summary>
public static class V1ToV2
{
    private const int UnusualTag = 0; // of KnownTag.Other: kept whatever the set

    /// <summary>Writes the v2 envelope, bare.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="envelope">A dropsonde envelope that <see cref="DropsondeEnvelope.TryRead"/> has accepted.</param>
    /// <param name="header">Its header.</param>
    /// <param name="tagging">What the host adds.</param>
    public static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, in DropsondeHeader header, DropsondeTagging tagging)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(tagging);
        var frame = new V2Frame(writer, envelope, header, tagging);
        frame.WriteTimestamp();
        switch (header.Type)
        {
            case DropsondeType.LogMessage:
                Log(ref frame, envelope);
                break;
            case DropsondeType.HttpStartStop:
                HttpToTimer.Write(ref frame, envelope);
                break;
            case DropsondeType.ValueMetric:
                Value(ref frame, envelope);
                break;
            case DropsondeType.CounterEvent:
                Counter(ref frame, envelope);
                break;
            case DropsondeType.ContainerMetric:
                Container(ref frame, envelope);
                break;
            case DropsondeType.Error:
                Error(ref frame, envelope);
                break;
            default:
                frame.WriteIds([], []);
                frame.WriteTags(UnusualTag);
                break;
        }
    }

    private static void Log(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        const int Err = 2;
        ReadOnlySpan<byte> text = default, appId = default, sourceType = default, instance = default;
        var type = 0;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Log);
        while (payloads.MoveNext())
        {
            ref readonly var field = ref payloads.Field;
            switch (field.Tag)
            {
                case DropsondeFields.LogText:
                    text = field.Bytes;
                    break;
                case DropsondeFields.LogType:
                    type = (int)field.Number;
                    break;
                case DropsondeFields.LogAppId:
                    appId = field.Bytes;
                    break;
                case DropsondeFields.LogSourceType:
                    sourceType = field.Bytes;
                    break;
                case DropsondeFields.LogSourceInstance:
                    instance = field.Bytes;
                    break;
                default:
                    break;
            }
        }

        frame.WriteIds(appId, instance);
        frame.WriteLog(text, isError: type == Err);
        frame.WriteTags(KnownTags.OfLog);
        frame.WriteTag("source_type"u8, sourceType);
    }

    private static void Value(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        ReadOnlySpan<byte> name = default, unit = default;
        var value = 0UL;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Value);
        while (payloads.MoveNext())
        {
            ref readonly var field = ref payloads.Field;
            switch (field.Tag)
            {
                case DropsondeFields.ValueName:
                    name = field.Bytes;
                    break;
                case DropsondeFields.ValueNumber:
                    value = field.Number;
                    break;
                case DropsondeFields.ValueUnit:
                    unit = field.Bytes;
                    break;
                default:
                    break;
            }
        }

        frame.WriteIds(default, frame.InstanceTag);
        frame.WriteMetric(name, unit, BitConverter.UInt64BitsToDouble(value));
        frame.WriteTags(UnusualTag);
    }

    private static void Counter(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        ReadOnlySpan<byte> name = default;
        ulong delta = 0, total = 0;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Counter);
        while (payloads.MoveNext())
        {
            ref readonly var field = ref payloads.Field;
            switch (field.Tag)
            {
                case DropsondeFields.CounterName:
                    name = field.Bytes;
                    break;
                case DropsondeFields.CounterDelta:
                    delta = field.Number;
                    break;
                case DropsondeFields.CounterTotal:
                    total = field.Number;
                    break;
                default:
                    break;
            }
        }

        frame.WriteIds(default, frame.InstanceTag);
        frame.WriteCounter(name, delta, total);
        frame.WriteTags(1u << (int)KnownTag.InstanceId);
    }

    private static void Container(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        ReadOnlySpan<byte> appId = default;
        var index = 0;
        var cpu = 0UL;
        ulong memory = 0, disk = 0, memoryQuota = 0, diskQuota = 0;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Container);
        while (payloads.MoveNext())
        {
            ref readonly var field = ref payloads.Field;
            switch (field.Tag)
            {
                case DropsondeFields.ContainerAppId:
                    appId = field.Bytes;
                    break;
                case DropsondeFields.ContainerIndex:
                    index = (int)field.Number;
                    break;
                case DropsondeFields.ContainerCpu:
                    cpu = field.Number;
                    break;
                case DropsondeFields.ContainerMemory:
                    memory = field.Number;
                    break;
                case DropsondeFields.ContainerDisk:
                    disk = field.Number;
                    break;
                case DropsondeFields.ContainerMemoryQuota:
                    memoryQuota = field.Number;
                    break;
                case DropsondeFields.ContainerDiskQuota:
                    diskQuota = field.Number;
                    break;
                default:
                    break;
            }
        }

        frame.WriteIds(appId, index);
        frame.WriteMetric("cpu"u8, "percentage"u8, BitConverter.UInt64BitsToDouble(cpu));
        frame.WriteMetric("memory"u8, "bytes"u8, memory);
        frame.WriteMetric("disk"u8, "bytes"u8, disk);
        frame.WriteMetric("memory_quota"u8, "bytes"u8, memoryQuota);
        frame.WriteMetric("disk_quota"u8, "bytes"u8, diskQuota);
        frame.WriteTags(UnusualTag);
    }

    private static void Error(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        ReadOnlySpan<byte> source = default, text = default;
        var code = 0;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Error);
        while (payloads.MoveNext())
        {
            ref readonly var field = ref payloads.Field;
            switch (field.Tag)
            {
                case DropsondeFields.ErrorSource:
                    source = field.Bytes;
                    break;
                case DropsondeFields.ErrorCode:
                    code = (int)field.Number;
                    break;
                case DropsondeFields.ErrorText:
                    text = field.Bytes;
                    break;
                default:
                    break;
            }
        }

        frame.WriteIds([], []);
        frame.WriteLog(text, isError: false);
        frame.WriteTags(KnownTags.OfError);
        frame.WriteTag("source"u8, source);
        frame.WriteTag("code"u8, code);
    }
}
