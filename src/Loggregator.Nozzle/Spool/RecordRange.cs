namespace Loggregator.Nozzle.Spool;

/// <summary>Consecutive records of a spool, which numbers its records from 1 on.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The one behind the last.</param>
internal readonly record struct RecordRange(ulong From, ulong To)
{
    /// <summary>How many.</summary>
    public ulong Count => To - From;
}
