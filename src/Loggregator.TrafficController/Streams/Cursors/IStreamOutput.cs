namespace Loggregator.TrafficController.Streams.Cursors;

/// <summary>How a stream with a cursor speaks to its client: in events, or in frames.</summary>
internal interface IStreamOutput
{
    /// <summary>What has been written has to be taken by the client first.</summary>
    bool Full { get; }

    /// <summary>Whether the client wants none of this instance.</summary>
    bool IsForeign(ReadOnlySpan<byte> envelope);

    /// <summary>Writes one envelope.</summary>
    void Write(ReadOnlySpan<byte> envelope, int copies);

    /// <summary>Where history starts.</summary>
    /// <param name="startsAt">Timestamp of its first envelope, UNIX nanoseconds; 0: there is none.</param>
    /// <param name="agedOut">Older ones were asked for and are not held any more.</param>
    /// <param name="leftOut">Lines left out as they were too large together.</param>
    void History(long startsAt, bool agedOut, long leftOut);

    /// <summary>History is complete; what follows is live.</summary>
    void Live();

    /// <summary>What a Doppler holds is missing until it is back.</summary>
    void DopplerLost(string doppler, bool planned, string detail);

    /// <summary>A Doppler is read again; if it was restarted, what was unread there is lost.</summary>
    void DopplerBack(string doppler, bool restarted);
}
