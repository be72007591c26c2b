namespace Loggregator.Protocol.V1;

/// <summary>Tags (field number and wire type) of the dropsonde messages, as they are on the wire.</summary>
internal static class DropsondeFields
{
    /// <summary>Fields of Envelope.</summary>
    public const uint Origin = 10, EventType = 16, Timestamp = 48, Deployment = 106, Job = 114, Index = 122, Ip = 130, Tags = 138;

    /// <summary>The payloads of Envelope.</summary>
    public const uint Http = 58, Log = 66, Value = 74, Counter = 82, Error = 90, Container = 98;

    /// <summary>Fields of LogMessage.</summary>
    public const uint LogText = 10, LogType = 16, LogTimestamp = 24, LogAppId = 34, LogSourceType = 42, LogSourceInstance = 50;

    /// <summary>Fields of ValueMetric.</summary>
    public const uint ValueName = 10, ValueNumber = 17, ValueUnit = 26;

    /// <summary>Fields of CounterEvent.</summary>
    public const uint CounterName = 10, CounterDelta = 16, CounterTotal = 24;

    /// <summary>Fields of Error.</summary>
    public const uint ErrorSource = 10, ErrorCode = 16, ErrorText = 26;

    /// <summary>Fields of ContainerMetric.</summary>
    public const uint ContainerAppId = 10,
        ContainerIndex = 16,
        ContainerCpu = 25,
        ContainerMemory = 32,
        ContainerDisk = 40,
        ContainerMemoryQuota = 48,
        ContainerDiskQuota = 56;

    /// <summary>Fields of HttpStartStop.</summary>
    public const uint HttpStart = 8,
        HttpStop = 16,
        HttpRequestId = 26,
        HttpPeerType = 32,
        HttpMethod = 40,
        HttpUri = 50,
        HttpRemoteAddress = 58,
        HttpUserAgent = 66,
        HttpStatusCode = 72,
        HttpContentLength = 80,
        HttpAppId = 98,
        HttpInstanceIndex = 104,
        HttpInstanceId = 114,
        HttpForwarded = 122;

    /// <summary>Fields of UUID.</summary>
    public const uint UuidLow = 8, UuidHigh = 16;

    /// <summary>The payload field of an event type; 0 for a type that does not exist.</summary>
    public static uint PayloadOf(DropsondeType type) => type is >= DropsondeType.HttpStartStop and <= DropsondeType.ContainerMetric
        ? Http + (((uint)type - (uint)DropsondeType.HttpStartStop) << 3)
        : 0;

    /// <summary>The tags of the required fields of a payload.</summary>
    public static ReadOnlySpan<byte> RequiredOf(uint payload) => payload switch
    {
        Http =>
        [
            (byte)HttpStart, (byte)HttpStop, (byte)HttpRequestId, (byte)HttpPeerType, (byte)HttpMethod, (byte)HttpUri, (byte)HttpRemoteAddress,
            (byte)HttpUserAgent, (byte)HttpStatusCode, (byte)HttpContentLength,
        ],
        Log => [(byte)LogText, (byte)LogType, (byte)LogTimestamp],
        Value => [(byte)ValueName, (byte)ValueNumber, (byte)ValueUnit],
        Counter => [(byte)CounterName, (byte)CounterDelta],
        Error => [(byte)ErrorSource, (byte)ErrorCode, (byte)ErrorText],
        _ => [(byte)ContainerAppId, (byte)ContainerIndex, (byte)ContainerCpu, (byte)ContainerMemory, (byte)ContainerDisk],
    };
}
