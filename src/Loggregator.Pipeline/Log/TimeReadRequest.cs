using Loggregator.Protocol.Selectors;

namespace Loggregator.Pipeline.Log;

/// <summary>What is read of one source in the order of time.</summary>
public sealed record TimeReadRequest
{
    /// <summary>UTF-8; exactly this source, also when it is empty.</summary>
    public required byte[] SourceId { get; init; }

    /// <summary>Not older, UNIX nanoseconds.</summary>
    public long Start { get; init; } = long.MinValue;

    /// <summary>Older than this, UNIX nanoseconds.</summary>
    public long End { get; init; } = long.MaxValue;

    /// <summary>So many, and what has the same timestamp as the last of them; at least 1.</summary>
    public required int Limit { get; init; }

    /// <summary>The newest, from the newest on; else the oldest, from the oldest on.</summary>
    public bool Descending { get; init; }

    /// <summary>Bit 1 &lt;&lt; type for each <see cref="Protocol.Envelopes.EnvelopeType"/> that is taken.</summary>
    public int Types { get; init; } = -1;

    /// <summary>What is kept by name; null: everything.</summary>
    public NameFilter? Names { get; init; }

    /// <summary>Nothing before this position.</summary>
    public long FromPosition { get; init; }

    /// <summary>Bytes of records that may be collected.</summary>
    public int MaxBytes { get; init; } = int.MaxValue;
}
