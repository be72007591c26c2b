using Loggregator.Protocol.Internal;

namespace Loggregator.Client.Consume;

/// <summary>Takes what a subscription brings. All calls come from the attachment's read loop, one after the other, and must not wait.</summary>
internal interface IDopplerSubscriber
{
    /// <summary>The subscription is open, at first or again after the link broke.</summary>
    /// <param name="subscription">The subscription; <see cref="DopplerSubscription.Position"/> is where it starts.</param>
    /// <param name="opened">The Doppler's answer.</param>
    /// <param name="restarted">The Doppler is another run than before: what was unread there is gone.</param>
    void OnOpened(DopplerSubscription subscription, Opened opened, bool restarted);

    /// <summary>Envelopes. <see cref="DopplerSubscription.Position"/> is already behind them; their charge is held until it is released.</summary>
    void OnRun(DopplerSubscription subscription, in DopplerRun run);

    /// <summary>What the subscription lost.</summary>
    void OnGap(DopplerSubscription subscription, Gap gap);

    /// <summary>The position moved without an envelope.</summary>
    void OnMoved(DopplerSubscription subscription);

    /// <summary>The Doppler does not open it.</summary>
    void OnRefused(DopplerSubscription subscription, string error);
}
