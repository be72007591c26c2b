namespace Loggregator.Client;

/// <summary>Something about the stream. Servers may add kinds.</summary>
public sealed class StreamNotice : StreamItem
{
    /// <summary>
    /// What it is: <c>waiting</c> (nothing is known of a source yet), <c>history</c> (it begins), <c>live</c> (history is complete), <c>reconnected</c>
    /// (the server goes on from a cursor), <c>doppler_lost</c>, <c>doppler_back</c>, <c>closing</c>; from this library <c>undecodable</c> (something came
    /// that cannot be read, and is missing).
    /// </summary>
    public string Kind { get; init; } = "";

    /// <summary>The same in words.</summary>
    public string Message { get; init; } = "";
}
