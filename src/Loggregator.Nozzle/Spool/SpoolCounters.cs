namespace Loggregator.Nozzle.Spool;

/// <summary>
/// The numbers of one spool since it was opened; any thread may read. At rest, in envelopes:
/// <c>Restored + Appended = Delivered + Dropped + Damaged + Held</c>, gap records that were appended included.
/// </summary>
internal sealed class SpoolCounters
{
    /// <summary>Envelopes that it held undelivered when it was opened.</summary>
    public long Restored;

    /// <summary>Envelopes made durable.</summary>
    public long Appended;

    /// <summary>Bytes written for them.</summary>
    public long AppendedBytes;

    /// <summary>Envelopes marked as delivered.</summary>
    public long Delivered;

    /// <summary>Envelopes dropped because the spool or its disk was full; gap records tell of them.</summary>
    public long Dropped;

    /// <summary>Envelopes that could not be read back; gap records tell of them.</summary>
    public long Damaged;

    /// <summary>Damaged places found while reading: blocks, or stretches without a readable one.</summary>
    public long DamagedBlocks;

    /// <summary>Groups of appends made durable.</summary>
    public long Commits;

    /// <summary>Writes and syncs that the disk refused.</summary>
    public long Failures;

    /// <summary>Segments that were given up because a write or sync failed.</summary>
    public long Retired;

    private readonly SpoolState _state;

    internal SpoolCounters(SpoolState state) => _state = state;

    /// <summary>Envelopes that are durable and not delivered.</summary>
    public long Held => _state.Read(state => state.Held);

    /// <summary>Bytes on disk.</summary>
    public long Bytes => _state.Read(state => state.Bytes);

    /// <summary>Bytes that it may use.</summary>
    public long Budget => _state.Options.MaxBytes;

    /// <summary>Files of envelopes.</summary>
    public int Segments => _state.Read(state => state.Segments.Count);

    /// <summary>When the oldest undelivered envelope was appended, or somewhat before, UNIX nanoseconds; 0 when there is none.</summary>
    public long OldestAt => _state.Read(state => state.OldestAt);

    /// <summary>How long ago that was; zero when there is none.</summary>
    public TimeSpan OldestAge => OldestAt is > 0 and var at ? TimeSpan.FromTicks(Math.Max(0, (_state.Now - at) / 100)) : TimeSpan.Zero;

    /// <summary>Appends wait: nothing is acknowledged.</summary>
    public bool Stopped => _state.Trouble is not null;
}
