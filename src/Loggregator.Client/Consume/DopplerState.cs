namespace Loggregator.Client;

/// <summary>How a <see cref="NozzleConsumer"/> fares with one Doppler.</summary>
/// <param name="Address">Where it is dialled, <c>ip:port</c>.</param>
/// <param name="DopplerId">Who answered last; null before that.</param>
/// <param name="Attached">Whether the group is joined there now.</param>
/// <param name="UnacknowledgedBytes">Bytes got from it that are not acknowledged.</param>
/// <param name="LastError">Why it is not joined, or was not the last time, in words; null when it never failed.</param>
public sealed record DopplerState(string Address, string? DopplerId, bool Attached, long UnacknowledgedBytes, string? LastError);
