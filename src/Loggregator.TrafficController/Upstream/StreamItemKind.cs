namespace Loggregator.TrafficController.Upstream;

/// <summary>What a <see cref="StreamItem"/> says.</summary>
internal enum StreamItemKind : byte
{
    /// <summary>Envelopes.</summary>
    Page,

    /// <summary>Something was lost here; the tally says what.</summary>
    Gap,

    /// <summary>A Doppler opened the subscription, or the stream joined one that was open.</summary>
    Opened,

    /// <summary>What a Doppler held when the stream was opened has been handed over.</summary>
    HistoryDone,

    /// <summary>A Doppler is not attached any more.</summary>
    Lost,

    /// <summary>A Doppler is attached again, as another run: what was unread there is gone.</summary>
    Restarted,

    /// <summary>A Doppler refused the subscription.</summary>
    Refused,

    /// <summary>A Doppler is gone with what it held, whether the client hears of that or not.</summary>
    PeerGone,

    /// <summary>The grace for what is late is over.</summary>
    Settle,
}
