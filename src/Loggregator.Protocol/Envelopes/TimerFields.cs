namespace Loggregator.Protocol.Envelopes;

/// <summary>A timer's fields, merged over all of its occurrences in the envelope.</summary>
public readonly ref struct TimerFields
{
    /// <summary>UTF-8 name.</summary>
    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>UNIX nanoseconds.</summary>
    public long Start { get; init; }

    /// <summary>UNIX nanoseconds.</summary>
    public long Stop { get; init; }
}
