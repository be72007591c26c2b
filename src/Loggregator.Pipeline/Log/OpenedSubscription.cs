namespace Loggregator.Pipeline.Log;

/// <summary>How a subscription was opened.</summary>
/// <param name="FirstPosition">Where it starts to read.</param>
/// <param name="LivePosition">The head when it was opened: what is before is history.</param>
/// <param name="OldestTimestamp">Of what the log holds, UNIX nanoseconds; 0 when it holds nothing.</param>
/// <param name="AgedOut">What it asked for is not held any more, or not whole.</param>
public readonly record struct OpenedSubscription(long FirstPosition, long LivePosition, long OldestTimestamp, bool AgedOut);
