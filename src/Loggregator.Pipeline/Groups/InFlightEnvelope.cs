namespace Loggregator.Pipeline.Groups;

/// <summary>An envelope that a member got and has not acknowledged.</summary>
/// <param name="Position">Its place in the log.</param>
/// <param name="SentAt">Timestamp of the log's clock.</param>
/// <param name="Bytes">Its record.</param>
/// <param name="Slot">Its part of the group; -1 when that was given to another member, so that this one's acknowledgement does not count.</param>
internal readonly record struct InFlightEnvelope(long Position, long SentAt, int Bytes, int Slot);
