namespace Loggregator.Pipeline.Groups;

/// <summary>Whose an envelope is that left the log while a member had it unacknowledged: it cannot be sent again.</summary>
/// <param name="SourceId">UTF-8.</param>
/// <param name="InstanceId">UTF-8.</param>
/// <param name="Timestamp">UNIX nanoseconds.</param>
internal sealed record EvictedInFlight(byte[] SourceId, byte[] InstanceId, long Timestamp);
