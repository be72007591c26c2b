namespace Loggregator.Pipeline.Log;

/// <summary>How a subscription was opened.</summary>
/// <param name="FirstPosition">Where it starts to read.</param>
/// <param name="LivePosition">The head when it was opened: what is before is history.</param>
/// <param name="OldestTimestamp">Of what the log holds, UNIX nanoseconds; 0 when it holds nothing.</param>
/// <param name="AgedOut">What it asked for is not held any more, or not whole.</param>
/// <param name="NewGroup">It acknowledges, and its group was not known: the group starts here.</param>
/// <param name="History">When the last so many were asked for: how many there are; else null.</param>
/// <param name="Refused">Why it was not opened; null when it was.</param>
public readonly record struct OpenedSubscription(
    long FirstPosition, long LivePosition, long OldestTimestamp, bool AgedOut, bool NewGroup = false, long? History = null, string? Refused = null);
