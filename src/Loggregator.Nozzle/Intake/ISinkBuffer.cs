using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;

namespace Loggregator.Nozzle.Intake;

/// <summary>Where the records of one sink wait: a spool on disk, or a ring in memory. One appender, one delivery loop.</summary>
internal interface ISinkBuffer : IRecordSource, IAsyncDisposable
{
    /// <summary>No entry may have more bytes.</summary>
    int MaxEntryBytes { get; }

    /// <summary>Why nothing is taken in at the moment; null when all is well. Any thread may ask.</summary>
    string? Trouble { get; }

    /// <summary>Takes an entry in. Done when it may be acknowledged; the caller may dispose his buffer at once.</summary>
    /// <exception cref="SpoolException">It was closed before that.</exception>
    Task AppendAsync(in SpoolEntry entry);
}
