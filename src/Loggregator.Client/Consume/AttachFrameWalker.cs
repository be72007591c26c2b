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
                HandOver(frame, 0, 0, 0, reader.NextPosition);
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

        foreach (var gap in rest.Gaps)
        {
            if (attachment.TryFind(gap.Subscription, out var subscription))
            {
                subscription!.Subscriber.OnGap(subscription, gap);
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
        while (reader.MoveNextRecord())
        {
            if (count > 0 && reader.RecordOffset != end)
            {
                HandOver(frame, start, end - start, count, null);
                count = 0;
            }

            if (count == 0)
            {
                start = reader.RecordOffset;
            }

            count++;
            end = reader.RecordOffset + reader.RecordLength;
        }

        if (count > 0)
        {
            HandOver(frame, start, end - start, count, reader.NextPosition);
        }
    }

    private void HandOver(MessageBuffer frame, int offset, int length, int count, ulong? nextPosition)
    {
        foreach (var (subscription, copies) in _takers)
        {
            subscription.Run(new DopplerRun(frame, offset, length, count, copies), nextPosition ?? subscription.Position);
        }
    }
}
