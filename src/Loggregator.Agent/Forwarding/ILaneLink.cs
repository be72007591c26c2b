namespace Loggregator.Agent.Forwarding;

/// <summary>
/// One lane's stream to one Doppler: <see cref="IngestLink"/> to ours, <see cref="BatchSenderLink"/> to an original one. The lane's loop
/// alone calls it; whenever something changes, the link sets the lane's signal.
/// </summary>
internal interface ILaneLink : IAsyncDisposable
{
    DopplerPeer Peer { get; }

    /// <summary>Of the peer when the link was opened; another one now means that the peer was declared dead since.</summary>
    int Generation { get; }

    /// <summary>A write is under way; the next one waits for it.</summary>
    bool Busy { get; }

    /// <summary>Why the stream is over; null while it is not.</summary>
    string? Failure { get; }

    /// <summary>The Doppler will stop: it takes nothing new.</summary>
    bool Leaving { get; }

    /// <summary>What the Doppler asks for between two batches.</summary>
    TimeSpan Gap { get; }

    /// <summary>Grows with every sign of life; a link that never hears anything has -1.</summary>
    long Answers { get; }

    /// <summary>All batches up to this number have arrived.</summary>
    ulong ConfirmedUpTo();

    /// <summary>Starts to write a batch. Only when not <see cref="Busy"/>.</summary>
    void Send(OutgoingBatch batch);

    /// <summary>Nothing follows: asks for the confirmation of what was sent. May be called again.</summary>
    void Finish();
}
