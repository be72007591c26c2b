namespace Loggregator.Nozzle.Delivery;

/// <summary>What waits for a sink.</summary>
/// <param name="Records">Records not yet delivered.</param>
/// <param name="Bytes">Bytes of these.</param>
/// <param name="OldestTimestamp">Of the oldest of them, or about so, in UNIX nanoseconds; 0 when there is none.</param>
internal readonly record struct Backlog(long Records, long Bytes, long OldestTimestamp);
