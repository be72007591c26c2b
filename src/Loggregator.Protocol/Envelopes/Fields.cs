namespace Loggregator.Protocol.Envelopes;

/// <summary>Tags (field number and wire type) of the v2 messages, as they are on the wire.</summary>
internal static class Fields
{
    /// <summary>Fields of Envelope.</summary>
    public const uint Timestamp = 8, SourceId = 18, DeprecatedTags = 26, InstanceId = 66, Tags = 74;

    /// <summary>Members of Envelope's oneof.</summary>
    public const uint Log = 34, Counter = 42, Gauge = 50, Timer = 58, Event = 82;

    /// <summary>The stamp, field 1001 of Envelope, unknown to the original.</summary>
    public const uint Stamp = (1001 << 3) | Wire.LengthDelimited;

    /// <summary>Fields of a map's entry; the value's tag is that of a string or message.</summary>
    public const uint Key = 10, Value = 18;

    /// <summary>Members of Value's oneof.</summary>
    public const uint ValueText = 10, ValueInteger = 16, ValueDecimal = 25;

    /// <summary>Fields of Log.</summary>
    public const uint LogPayload = 10, LogType = 16;

    /// <summary>Fields of Counter.</summary>
    public const uint CounterName = 10, CounterDelta = 16, CounterTotal = 24;

    /// <summary>Field of Gauge.</summary>
    public const uint GaugeMetrics = 10;

    /// <summary>Fields of GaugeValue.</summary>
    public const uint GaugeUnit = 10, GaugeNumber = 17;

    /// <summary>Fields of Timer.</summary>
    public const uint TimerName = 10, TimerStart = 16, TimerStop = 24;

    /// <summary>Fields of Event.</summary>
    public const uint EventTitle = 10, EventBody = 18;
}
