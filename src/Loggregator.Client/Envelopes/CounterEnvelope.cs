namespace Loggregator.Client;

/// <summary>A counter.</summary>
public sealed class CounterEnvelope : Envelope
{
    /// <summary>What is counted.</summary>
    public string Name { get; init; } = "";

    /// <summary>How much more it is.</summary>
    public ulong Delta { get; init; }

    /// <summary>How much it is in all.</summary>
    public ulong Total { get; init; }
}
