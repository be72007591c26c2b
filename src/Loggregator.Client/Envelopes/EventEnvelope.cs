namespace Loggregator.Client;

/// <summary>Something that happened.</summary>
public sealed class EventEnvelope : Envelope
{
    /// <summary>What, in a few words.</summary>
    public string Title { get; init; } = "";

    /// <summary>More of it.</summary>
    public string Body { get; init; } = "";
}
