using Loggregator.Client.Consume;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Cursors;

/// <summary>
/// What every stream with a cursor has in common, whatever it is written as: history in order, then live, where the client stands at each
/// Doppler, and which of them come and go. The stream's pump only.
/// </summary>
internal sealed class CursorStream
{
    private readonly EnvelopeStream _stream;
    private readonly IStreamOutput _output;
    private readonly Positions _positions;
    private readonly History _history;
    private readonly HashSet<DopplerNode> _lost = [];

    /// <summary>A stream that has written nothing yet.</summary>
    /// <param name="stream">What it reads.</param>
    /// <param name="output">Where it writes.</param>
    /// <param name="lastLines">Of history, so many at most; 0: all that is asked for.</param>
    /// <param name="cursor">Where the client stood before.</param>
    /// <param name="options">The role's settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="counters">The role's numbers.</param>
    public CursorStream(
        EnvelopeStream stream, IStreamOutput output, int lastLines, StreamCursor? cursor, TrafficControllerOptions options, TimeProvider time,
        TrafficControllerCounters counters)
    {
        _stream = stream;
        _output = output;
        _positions = new Positions(cursor);
        _history = new History(stream, output, _positions, lastLines, resumes: cursor is not null, options, time, counters);
    }

    /// <summary>History has been written, or none was asked for.</summary>
    public bool Over => _history.Over;

    /// <summary>Whether what has been written reaches up to the positions.</summary>
    public bool CursorHolds => _history.CursorHolds;

    /// <summary>Where the client stands behind what has been written.</summary>
    /// <param name="mintedAt">A Doppler that has not been read yet is read from this timestamp on, UNIX nanoseconds.</param>
    public StreamCursor At(long mintedAt) => _positions.At(mintedAt);

    /// <summary>Moves the positions of Dopplers of which nothing is unwritten to where they have been read, however long nothing came.</summary>
    public void CatchUp()
    {
        foreach (var member in _stream.Memberships)
        {
            _positions.Set(member.Node.PlaceOf(member));
        }
    }

    /// <summary>Begins to read.</summary>
    public void Begin()
    {
        _history.Begin();
        if (_history.Over)
        {
            _output.Live();
        }
    }

    /// <summary>Takes a page of history, and releases it later; false when it is live, to be written at once.</summary>
    public bool TryKeep(in StreamItem item) => _history.TryKeep(item);

    /// <summary>A live page has been written.</summary>
    public void Wrote(in StreamItem item) => _positions.Set(item.Place);

    /// <summary>Takes note of what is neither a page nor a gap.</summary>
    public void Handle(in StreamItem item)
    {
        switch (item.Kind)
        {
            case StreamItemKind.Opened:
                OnOpened(item);
                break;
            case StreamItemKind.HistoryDone:
                _history.Done(item.Member!);
                break;
            case StreamItemKind.Lost:
                OnLost(item, (string)item.Detail!);
                break;
            case StreamItemKind.Refused:
                OnLost(item, "it refused: " + item.Detail);
                break;
            case StreamItemKind.Restarted:
                OnRestarted(item);
                break;
            default:
                break;
        }
    }

    /// <summary>Writes what there is of history. True: there is more, as soon as the output is not full any more.</summary>
    public bool Advance()
    {
        if (_history.Over)
        {
            return false;
        }

        if (_history.Advance())
        {
            return true;
        }

        if (_history.Over)
        {
            _output.Live();
        }

        return false;
    }

    /// <summary>Gives up what was kept.</summary>
    public void Abandon() => _history.Abandon();

    private void OnOpened(in StreamItem item)
    {
        _history.Opened(item.Member!, (Opened)item.Detail!);
        if (_positions.OfAnotherRun(item.Place))
        {
            OnRestarted(item); // while this client was away
            return;
        }

        _positions.SetFirst(item.Place);
        if (_lost.Remove(item.Member!.Node))
        {
            _output.DopplerBack(item.Place.DopplerId ?? item.Member.Node.Attachment.Address, restarted: false);
        }
    }

    private void OnRestarted(in StreamItem item)
    {
        _positions.Set(item.Place);
        _lost.Remove(item.Member!.Node);
        _output.DopplerBack(item.Place.DopplerId ?? item.Member.Node.Attachment.Address, restarted: true);
    }

    private void OnLost(in StreamItem item, string detail)
    {
        _history.Done(item.Member!);
        _lost.Add(item.Member!.Node);
        _output.DopplerLost(item.Member.Node.DopplerId ?? item.Member.Node.Attachment.Address, detail == Line.PlannedStop, detail);
    }
}
