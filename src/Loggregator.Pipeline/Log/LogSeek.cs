namespace Loggregator.Pipeline.Log;

/// <summary>
/// Finds where the last so many matches of a subscription begin, from the newest segment back. It holds the consumer's gate for one segment
/// at a time, so that neither appends nor eviction wait for it; what eviction moves meanwhile is looked up again.
/// </summary>
internal sealed class LogSeek(EnvelopeLog log, LogConsumer consumer, Subscription subscription, LogWalk walk)
{
    private List<(Segment Segment, int Generation)> _segments = [];

    public OpenedSubscription Run(OpenedSubscription opened)
    {
        var reader = subscription.Reader;
        var wanted = (long)subscription.Request.Last;
        var boundary = subscription.LivePosition; // everything at or behind it is counted
        var found = wanted == 0;
        List();
        while (!found && _segments.Count > 0)
        {
            var (segment, generation) = _segments[^1];
            _segments.RemoveAt(_segments.Count - 1);
            lock (consumer.Gate)
            {
                if (segment.Generation == generation)
                {
                    (found, boundary) = SeekIn(segment, boundary, ref wanted);
                    continue;
                }
            }

            List();
            _segments.RemoveAll(listed => listed.Segment.PositionOf(0) >= boundary);
        }

        lock (log.AppendGate)
        {
            lock (consumer.Gate)
            {
                subscription.Seeking = false;
                reader.Position = found ? boundary : EnvelopeLog.FirstPosition;
                var (segment, row) = log.Segments.Locate(reader.Position);
                reader.MoveTo(segment, row);
            }
        }

        return opened with { History = subscription.Request.Last - wanted, FirstPosition = reader.Position, AgedOut = !found && !log.HoldsEverything };
    }

    private (bool Found, long Boundary) SeekIn(Segment segment, long boundary, ref long wanted)
    {
        var table = subscription.Reader.Table;
        table.Refresh();
        for (var row = segment.RowAt(boundary) - 1; row >= 0; row--)
        {
            row = table.PreviousRow(segment.Sources, row);
            if (row < 0)
            {
                break;
            }

            if (walk.Matches(subscription.Reader, segment, row) && --wanted == 0)
            {
                return (true, segment.PositionOf(row));
            }
        }

        return (false, segment.Count > 0 ? Math.Min(boundary, segment.PositionOf(0)) : boundary);
    }

    private void List()
    {
        lock (log.AppendGate)
        {
            _segments = log.Segments.List();
        }
    }
}
