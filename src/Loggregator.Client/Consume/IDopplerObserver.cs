namespace Loggregator.Client.Consume;

/// <summary>Hears how an attachment fares. All calls come from its loop, one after the other, and must not wait.</summary>
internal interface IDopplerObserver
{
    /// <summary>The Doppler said who it is. False refuses it, for example because it is attached by another address already.</summary>
    bool OnHello(DopplerAttachment attachment, DopplerIdentity identity);

    /// <summary>All of a frame has been handed to the subscribers.</summary>
    void OnFrameEnd(DopplerAttachment attachment);

    /// <summary>The link broke, or could not be made (told at every attempt).</summary>
    /// <param name="attachment">Whose link.</param>
    /// <param name="wasAttached">Whether it had said hello.</param>
    /// <param name="planned">Whether the Doppler had said that it leaves.</param>
    /// <param name="reason">For the log.</param>
    void OnLost(DopplerAttachment attachment, bool wasAttached, bool planned, string reason);
}
