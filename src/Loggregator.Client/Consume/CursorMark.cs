namespace Loggregator.Client.Consume;

/// <summary>Where a reader stands in one Doppler's log.</summary>
/// <param name="DopplerId">The Doppler's instance id.</param>
/// <param name="Incarnation">The run of that Doppler which the position belongs to.</param>
/// <param name="Next">The first position that the reader has not seen.</param>
internal readonly record struct CursorMark(string DopplerId, ulong Incarnation, ulong Next);
