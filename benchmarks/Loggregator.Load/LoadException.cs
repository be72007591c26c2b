namespace Loggregator.Load;

/// <summary>The run could not be made; the message says why, to a person.</summary>
internal sealed class LoadException(string message) : Exception(message);
