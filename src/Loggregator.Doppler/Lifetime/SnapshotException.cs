namespace Loggregator.Doppler.Lifetime;

/// <summary>A file is no snapshot that can be loaded: it is torn, of something else, or of a newer version.</summary>
/// <param name="message">What is wrong with it, as a sentence.</param>
internal sealed class SnapshotException(string message) : Exception(message);
