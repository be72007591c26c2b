namespace Loggregator.Client;

/// <summary>One envelope: a <see cref="LogEnvelope"/>, <see cref="CounterEnvelope"/>, <see cref="GaugeEnvelope"/>, <see cref="TimerEnvelope"/>,
/// <see cref="EventEnvelope"/>, or an <see cref="UnknownEnvelope"/>.</summary>
public abstract class Envelope : StreamItem
{
    private static readonly IReadOnlyDictionary<string, string> NoTags = new Dictionary<string, string>();

    private protected Envelope()
    {
    }

    /// <summary>When it was made, UNIX time in nanoseconds.</summary>
    public long UnixNanoseconds { get; init; }

    /// <summary>When it was made, to 100 nanoseconds.</summary>
    public DateTimeOffset Timestamp => TimeOf(UnixNanoseconds);

    /// <summary>Whose it is.</summary>
    public string SourceId { get; init; } = "";

    /// <summary>Which instance's.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>Its tags, deprecated ones included as text.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = NoTags;

    /// <summary>Point in time of UNIX nanoseconds; all of them have one.</summary>
    internal static DateTimeOffset TimeOf(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
}
