namespace Loggregator.Nozzle.Sinks;

/// <summary>A sink cannot be made of its options: a file that is not there, a certificate that is no certificate. The message names the cure and no secret.</summary>
internal sealed class SinkException(string message, Exception? cause = null) : Exception(message, cause);
