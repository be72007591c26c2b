namespace Loggregator.Client.Consume;

/// <summary>What a <see cref="StreamEvent"/> tells.</summary>
internal enum StreamEventKind
{
    /// <summary>Envelopes: the JSON of a batch.</summary>
    Batch,

    /// <summary>Envelopes were lost; JSON says whose, how many, where and why.</summary>
    Gap,

    /// <summary>Something about the stream: JSON with <c>kind</c> and <c>message</c>.</summary>
    Notice,

    /// <summary>The connection broke, or could not be made; it is tried again. The text is the reason.</summary>
    Disconnected,

    /// <summary>The stream goes on where it broke.</summary>
    Reconnected,

    /// <summary>The server has nothing more, as following was not asked for.</summary>
    End,
}
