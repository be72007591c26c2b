namespace Loggregator.TrafficController.Metrics;

/// <summary>No Doppler has answered, not even with a part, or too many queries are there already: the same may succeed later.</summary>
internal sealed class MetricsUnavailableException(string message) : Exception(message);
