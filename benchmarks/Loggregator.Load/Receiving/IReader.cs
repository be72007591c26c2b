namespace Loggregator.Load.Receiving;

/// <summary>Reads on a connection of its own, and opens it again when it breaks. One loop runs it.</summary>
internal interface IReader
{
    /// <summary>How often the stream ended or broke.</summary>
    long Breaks { get; }

    /// <summary>What the last break said.</summary>
    string LastError { get; }

    Task RunAsync(CancellationToken cancel);
}
