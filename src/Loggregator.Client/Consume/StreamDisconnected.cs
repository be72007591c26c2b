namespace Loggregator.Client;

/// <summary>The connection broke, or could not be made. It is tried again for as long as the stream is enumerated.</summary>
public sealed class StreamDisconnected : StreamItem
{
    /// <summary>Why, in words.</summary>
    public string Reason { get; init; } = "";

    /// <summary>How often it has failed since something came last.</summary>
    public int Attempts { get; init; }
}
