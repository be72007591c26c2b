namespace Loggregator.Pipeline.Log;

/// <summary>A saved log cannot be loaded: it is torn, or no saved log of this version.</summary>
/// <param name="message">What is wrong with it, as a sentence.</param>
public sealed class LogSnapshotException(string message) : Exception(message);
