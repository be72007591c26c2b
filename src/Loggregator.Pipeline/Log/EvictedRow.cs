namespace Loggregator.Pipeline.Log;

/// <summary>A row that leaves the log; its record is still there while consumers account for it.</summary>
/// <param name="Segment">Where its record is.</param>
/// <param name="Row">Which row of it.</param>
/// <param name="Kind">Its kind while it was held.</param>
internal readonly record struct EvictedRow(Segment Segment, int Row, byte Kind);
