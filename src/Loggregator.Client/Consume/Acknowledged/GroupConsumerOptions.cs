using Loggregator.Protocol.V2;

namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>What a <see cref="GroupConsumer"/> reads.</summary>
internal sealed record GroupConsumerOptions
{
    /// <summary>The group: all members give the same id and the same selectors.</summary>
    public required string ShardId { get; init; }

    /// <summary>Any match of any of these; an envelope that matches several comes once.</summary>
    public required IReadOnlyList<Selector> Selectors { get; init; }

    /// <summary>
    /// The member's name, at most 256 bytes. Of two members of one name the later one takes the place of the earlier, so it must be one's own; a
    /// name that outlives restarts gives a member the same sources again.
    /// </summary>
    public string Member { get; init; } = $"{Environment.MachineName}/{Guid.NewGuid():N}";

    /// <summary>Also the gap records of agents, whatever the types selected.</summary>
    public bool Gaps { get; init; } = true;

    /// <summary>
    /// Bytes of each Doppler that may be unacknowledged; no more than that is buffered here, and nothing more is sent until something is
    /// acknowledged.
    /// </summary>
    public long WindowBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>
    /// Where a group starts that a Doppler does not know; <see cref="StreamStart.After"/> with the cursor that was kept resumes, and lets a crash
    /// of a Doppler be noticed. Not <see cref="StreamStart.Last"/>.
    /// </summary>
    public StreamStart Start { get; init; } = StreamStart.Now;
}
