namespace Loggregator.Client;

/// <summary>The stream goes on; where the server has cursors, without a gap if the Dopplers still hold what came meanwhile.</summary>
public sealed class StreamReconnected : StreamItem;
