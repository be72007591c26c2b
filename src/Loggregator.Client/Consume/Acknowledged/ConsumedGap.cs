namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>Envelopes that a group lost for good, as a member is told.</summary>
/// <param name="SourceId">Whose they were; empty when it is not known.</param>
/// <param name="InstanceId">Whose they were; may be empty.</param>
/// <param name="Count">How many; null when that is not known, as with a Doppler that crashed.</param>
/// <param name="UpperBound">At most so many: some may have come.</param>
/// <param name="Hop">Which tier lost them: <c>doppler</c>, <c>agent</c> ….</param>
/// <param name="Reason">Why: <c>evicted</c>, <c>peer_gone</c> ….</param>
/// <param name="FirstPosition">Of the first, in the Doppler's log; 0 when it is not known.</param>
/// <param name="LastPosition">Of the last.</param>
/// <param name="FirstTimestamp">Of the first, UNIX nanoseconds; 0 when it is not known.</param>
/// <param name="LastTimestamp">Of the last.</param>
internal sealed record ConsumedGap(
    string SourceId,
    string InstanceId,
    ulong? Count,
    bool UpperBound,
    string Hop,
    string Reason,
    ulong FirstPosition,
    ulong LastPosition,
    long FirstTimestamp,
    long LastTimestamp);
