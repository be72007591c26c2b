namespace Loggregator.Nozzle.Spool;

/// <summary>One segment of a spool's folder, seen from outside.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Bytes">The file's length.</param>
/// <param name="Records">The numbers of its envelopes.</param>
/// <param name="Held">How many of these are not delivered.</param>
/// <param name="Dropped">Envelopes that it held and that were dropped; gap records stand for them.</param>
/// <param name="CreatedAt">UNIX nanoseconds.</param>
internal sealed record SpoolSegment(string Name, long Bytes, RecordRange Records, long Held, long Dropped, long CreatedAt);
