namespace Loggregator.Pipeline.Log;

/// <summary>A row that leaves the log; its record is still there while consumers account for it.</summary>
internal readonly record struct EvictedRow(Segment Segment, int Row);
