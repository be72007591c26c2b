namespace Loggregator.Client;

/// <summary>
/// What a stream yields: an <see cref="Envelope"/>, a <see cref="StreamGap"/>, a <see cref="StreamNotice"/>, or that it is
/// <see cref="StreamDisconnected"/> or <see cref="StreamReconnected"/>.
/// </summary>
public abstract class StreamItem
{
    private protected StreamItem()
    {
    }

    /// <summary>
    /// Where to go on with <see cref="StreamQuery.Cursor"/> after this item has been dealt with, at any Traffic Controller: nothing is skipped then, and
    /// nothing is repeated but what came in one batch with it. Empty before the first batch, and where the server has no cursors.
    /// </summary>
    public string Cursor { get; internal set; } = "";
}
