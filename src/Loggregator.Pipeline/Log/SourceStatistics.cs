namespace Loggregator.Pipeline.Log;

/// <summary>What the log knows of one source.</summary>
public sealed class SourceStatistics
{
    /// <summary>UTF-8; empty for envelopes without source id.</summary>
    public required byte[] SourceId { get; init; }

    /// <summary>The sources that are not indexed apart, together.</summary>
    public bool IsOther { get; init; }

    /// <summary>Envelopes appended since the source was indexed.</summary>
    public long Envelopes { get; init; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Envelopes that are held.</summary>
    public long HeldEnvelopes { get; init; }

    /// <summary>Their bytes.</summary>
    public long HeldBytes => Logs.HeldBytes + Metrics.HeldBytes;

    /// <summary>Envelopes that left the log.</summary>
    public long Evicted => Logs.Evicted + Metrics.Evicted;

    /// <summary>Of all this, what are logs.</summary>
    public SourceClassStatistics Logs { get; init; }

    /// <summary>Of all this, what are metrics.</summary>
    public SourceClassStatistics Metrics { get; init; }

    /// <summary>Of these, times a subscription missed one.</summary>
    public long Lost { get; init; }

    /// <summary>Of what is held, UNIX nanoseconds; 0 if nothing is.</summary>
    public long OldestTimestamp { get; internal set; }

    /// <summary>Of what was appended, UNIX nanoseconds.</summary>
    public long NewestTimestamp { get; init; }

    /// <summary>Envelopes by type.</summary>
    public TypeCounts ByType { get; init; }
}
