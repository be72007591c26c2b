namespace Loggregator.Nozzle.Spool;

/// <summary>In which order a spool is read.</summary>
public enum SpoolOrder
{
    /// <summary>As it was appended.</summary>
    Fifo,

    /// <summary>What is appended now comes first, what has gathered meanwhile is read in the background, with at least half as many bytes as the live ones.</summary>
    LiveFirst,
}
