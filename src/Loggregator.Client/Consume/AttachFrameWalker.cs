using System.Runtime.InteropServices;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Client.Consume;

/// <summary>Hands the parts of one frame after the other to the subscriptions that they are for. One thread; keeps nothing of a frame.</summary>
internal sealed class AttachFrameWalker(DopplerAttachment attachment)
{
    private readonly List<(DopplerSubscription Subscription, int Copies)> _takers = [];
    private long _runs;

    /// <summary>The hello of a first frame.</summary>
    public static DopplerHello? ReadHello(MessageBuffer frame) => new AttachFrameReader(frame.Span).ReadRest()?.Hello;

    /// <summary>False when the frame is not well formed; what came before that place has been handed over.</summary>
    public bool Walk(MessageBuffer frame)
    {
        var reader = new AttachFrameReader(frame.Span);
        if (reader.ReadRest() is { } rest)
        {
            WalkRest(rest);
        }

        while (reader.MoveNextRun())
        {
            FindTakers(reader.Subscriptions);
            if (reader.RunCount == 0)
            {
                HandOver(new DopplerRun(frame, 0, 0, 0, 1), reader.NextPosition);
            }

            WalkRecords(frame, ref reader);
        }

        return !reader.Malformed;
    }

    private void WalkRest(AttachFrame rest)
    {
        foreach (var opened in rest.Opened)
        {
            attachment.Opened(opened);
        }

        foreach (var ended in rest.Ended)
        {
            if (attachment.TryFind(ended.Subscription, out var subscription))
            {
                subscription!.Subscriber.OnRefused(subscription, ended.Error);
            }
        }

        foreach (var id in rest.Closed)
        {
            attachment.Closed(id);
        }

        foreach (var gap in rest.Gaps)
        {
            if (attachment.TryFind(gap.Subscription, out var subscription))
            {
                subscription!.Gap(gap);
            }
        }

        if (rest.Held is { } held)
        {
            attachment.Holds(held);
        }

        if (rest.Leaving)
        {
            attachment.Left();
        }
    }

    private void FindTakers(SubscriptionReader ids)
    {
        _takers.Clear();
        _runs++;
        while (ids.MoveNext())
        {
            if (!attachment.TryFind(ids.Current, out var subscription))
            {
                continue; // closed while the frame was under way
            }

            if (subscription!.LastRun == _runs)
            {
                CollectionsMarshal.AsSpan(_takers)[subscription.TakerIndex].Copies++;
                continue;
            }

            subscription.LastRun = _runs;
            subscription.TakerIndex = _takers.Count;
            _takers.Add((subscription, 1));
        }
    }

    // The records of a run are one block, unless other fields stand between them: then each block is handed over by itself.
    private void WalkRecords(MessageBuffer frame, ref AttachFrameReader reader)
    {
        int start = 0, end = 0, count = 0;
        var positions = reader.Positions;
        var before = reader.Position;
        var (nextPositions, last) = (positions, before);
        while (reader.MoveNextRecord())
        {
            if (count > 0 && reader.RecordOffset != end)
            {
                HandOver(Block(), null);
                count = 0;
            }

            if (count == 0)
            {
                start = reader.RecordOffset;
                (positions, before) = (nextPositions, last);
            }

            count++;
            end = reader.RecordOffset + reader.RecordLength;
            (nextPositions, last) = (reader.Positions, reader.Position);
        }

        if (count > 0)
        {
            HandOver(Block(), reader.NextPosition);
        }

        DopplerRun Block() => new(
            frame, start, end - start, count, 1, positions with { Length = nextPositions.Offset - positions.Offset }, before);
    }

    private void HandOver(in DopplerRun run, ulong? nextPosition)
    {
        foreach (var (subscription, copies) in _takers)
        {
            subscription.Run(run with { Copies = copies }, nextPosition ?? subscription.Position);
        }
    }
}
