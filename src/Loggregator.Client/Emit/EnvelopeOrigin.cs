namespace Loggregator.Client.Emit;

/// <summary>When and whose an envelope is.</summary>
internal readonly ref struct EnvelopeOrigin
{
    /// <summary>UNIX nanoseconds.</summary>
    public long Timestamp { get; init; }

    public ReadOnlySpan<byte> SourceId { get; init; }

    public ReadOnlySpan<byte> InstanceId { get; init; }
}
