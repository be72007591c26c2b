namespace Loggregator.Nozzle.Spool;

/// <summary>What a spool does when its bytes are used up, or its disk is full.</summary>
public enum SpoolWhenFull
{
    /// <summary>Appends wait, so that nothing more is acknowledged upstream, until what is delivered has made room.</summary>
    Stop,

    /// <summary>The oldest segment that nobody reads goes; in its place stay gap records, one per source and instance.</summary>
    DropOldest,
}
