using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Groups;

/// <summary>
/// A subscription's share of an acknowledged group: which rows are its own, and what it got and has not acknowledged. Guarded by the gate of
/// its consumer; its slots change under the append lock and that gate.
/// </summary>
internal sealed class AckMember(AckGroup group, LogConsumer consumer, Subscription subscription)
{
    private const int MaxGapsInFlight = 4096; // further ones wait, merged, in the table of losses
    private readonly Queue<Loss> _gaps = new();
    private readonly List<long> _positions = []; // of the run that is being filled
    private long _gapsTaken;
    private int _slot; // of the row that was looked at last
    private int _again; // rows of the run that were sent before
    private long _now;

    public AckGroup Group { get; } = group;

    public LogConsumer Consumer { get; } = consumer;

    public Subscription Subscription { get; } = subscription;

    public LogReader Reader => Subscription.Reader;

    public ulong NameHash { get; } = Rendezvous.Hash(Encoding.UTF8.GetBytes(subscription.Request.MemberName));

    public InFlightQueue InFlight { get; } = new();

    /// <summary>Those of <see cref="InFlight"/> that have left the log, by position.</summary>
    public Dictionary<long, EvictedInFlight> Evicted { get; } = [];

    /// <summary>It gets nothing more until it acknowledges.</summary>
    public bool IsFull => InFlight.Bytes >= Group.Limits.MaxInFlightBytes || InFlight.Count >= Group.Limits.MaxInFlight;

    /// <summary>Not before its first credit: until then its opening may not have been answered.</summary>
    public bool MayTellGap => Subscription.WasGranted && _gaps.Count < MaxGapsInFlight;

    /// <summary>Something was sent and is not acknowledged.</summary>
    public bool IsOwed => InFlight.Count > 0 || _gaps.Count > 0;

    /// <summary>How long ago the oldest one in flight was sent.</summary>
    public TimeSpan OldestAge => InFlight.OldestSentAt is { } sentAt ? Group.Since(sentAt) : TimeSpan.Zero;

    /// <summary>Nothing before this position may be needed for it.</summary>
    public long Lowest => Math.Min(Reader.Position, InFlight.Lowest);

    /// <summary>Positions of the records of the run that is being filled.</summary>
    public ReadOnlySpan<long> Positions => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_positions);

    /// <summary>Whether the row at a position, which the group's selectors match, goes to this member.</summary>
    public bool Takes(long position, in EnvelopeHeader header, ReadOnlySpan<byte> envelope)
    {
        _slot = AckGroup.SlotOf(header.SourceId.Of(envelope));
        ref var slot = ref Group.Slot(_slot);
        return slot.Owner == this && position >= slot.Next && Group.AdmitsTime(position, header.Timestamp);
    }

    /// <summary>The row that was looked at last goes into a frame.</summary>
    public void Take(long position, int bytes)
    {
        if (_positions.Count == 0)
        {
            _now = Group.Now;
        }

        ref var slot = ref Group.Slot(_slot);
        if (position < slot.Sent)
        {
            _again++;
        }
        else
        {
            slot.Sent = position + 1;
        }

        _positions.Add(position);
        InFlight.Add(new InFlightEnvelope(position, _now, bytes, _slot));
    }

    /// <summary>The run ends.</summary>
    public void EndRun()
    {
        var counters = Group.Counters;
        Interlocked.Add(ref counters.Matched, _positions.Count - _again);
        Interlocked.Add(ref counters.Resent, _again);
        Interlocked.Add(ref counters.Returned, -_again);
        Interlocked.Add(ref counters.InFlight, _positions.Count);
        _positions.Clear();
        _again = 0;
    }

    /// <summary>The row that was looked at last left the log before it was sent to this member.</summary>
    public void Lose(long position)
    {
        var counters = Group.Counters;
        Interlocked.Increment(ref counters.Dropped);
        if (position < Group.Slot(_slot).Sent)
        {
            Interlocked.Decrement(ref counters.Returned);
        }
        else
        {
            Interlocked.Increment(ref counters.Matched);
        }
    }

    /// <summary>Rows leave the log: notes whose those were that are in flight here, as they cannot be sent to anybody else any more.</summary>
    public void Evict(List<EvictedRow> rows)
    {
        var lowest = InFlight.Lowest;
        foreach (var (segment, row, _) in rows)
        {
            var position = segment.PositionOf(row);
            if (position >= lowest && InFlight.Holds(position))
            {
                var envelope = segment.Envelope(row);
                RawEnvelope.TryReadHeader(envelope, out var header);
                Evicted[position] = new EvictedInFlight(
                    header.SourceId.Of(envelope).ToArray(), header.InstanceId.Of(envelope).ToArray(), header.Timestamp);
            }
        }
    }

    /// <summary>A gap was written to it.</summary>
    public void Told(in Loss loss) => _gaps.Enqueue(loss);

    /// <summary>It has stored the first so many envelopes and gaps that it got.</summary>
    /// <returns>What is wrong with that; null when nothing is.</returns>
    public string? Acknowledge(long envelopes, long gaps)
    {
        if (envelopes < 0 || envelopes > InFlight.Added)
        {
            return $"{envelopes} envelopes were acknowledged, and {InFlight.Added} were sent.";
        }

        if (gaps < 0 || gaps > _gapsTaken + _gaps.Count)
        {
            return $"{gaps} gaps were acknowledged, and {_gapsTaken + _gaps.Count} were told.";
        }

        var counted = 0;
        while (InFlight.Taken < envelopes)
        {
            var envelope = InFlight.Take();
            if (envelope.Slot >= 0)
            {
                counted++;
                Evicted.Remove(envelope.Position);
            }
        }

        for (; _gapsTaken < gaps; _gapsTaken++)
        {
            _gaps.Dequeue();
        }

        Interlocked.Add(ref Group.Counters.Acknowledged, counted);
        Interlocked.Add(ref Group.Counters.InFlight, -counted);
        return null;
    }

    /// <summary>Gives up the slots that get another owner: what is in flight of them goes back to the group.</summary>
    /// <param name="owners">The owner of each slot from now on.</param>
    public void GiveUp(AckMember[] owners)
    {
        var counters = Group.Counters;
        for (var index = InFlight.Taken; index < InFlight.Added; index++)
        {
            ref var envelope = ref InFlight.At(index);
            if (envelope.Slot < 0 || owners[envelope.Slot] == this)
            {
                continue;
            }

            Interlocked.Decrement(ref counters.InFlight);
            if (Evicted.Remove(envelope.Position, out var evicted))
            {
                Interlocked.Increment(ref counters.Dropped);
                owners[envelope.Slot].Subscription.Losses.Add(
                    evicted.SourceId, evicted.InstanceId, LossReason.Evicted, 1, evicted.Timestamp, (ulong)envelope.Position);
            }
            else
            {
                Interlocked.Increment(ref counters.Returned);
                ref var slot = ref Group.Slot(envelope.Slot);
                slot.Next = Math.Min(slot.Next, envelope.Position);
            }

            envelope = envelope with { Slot = -1 };
        }
    }

    /// <summary>Has those who own the sources now told what this member was not told, or has not acknowledged.</summary>
    /// <param name="owners">The owner of each slot from now on.</param>
    public void HandOverLosses(AckMember[] owners)
    {
        foreach (var loss in _gaps)
        {
            HandOver(loss, owners);
        }

        _gapsTaken += _gaps.Count;
        _gaps.Clear();
        if (Subscription.HasLosses)
        {
            Subscription.Losses.Drain(loss =>
            {
                HandOver(loss, owners);
                return true;
            });
        }
    }

    /// <summary>Goes on reading from a position.</summary>
    public void MoveTo(long position, SegmentList segments)
    {
        Reader.Position = position;
        var (segment, row) = segments.Locate(position);
        Reader.MoveTo(segment, row);
        Consumer.UpdateLowest();
        Consumer.Signal.Set();
    }

    private static void HandOver(in Loss loss, AckMember[] owners)
    {
        var losses = owners[AckGroup.SlotOf(loss.SourceId.Span)].Subscription.Losses;
        if (loss.Count > 1)
        {
            losses.Add(
                loss.SourceId.Span, loss.InstanceId.Span, loss.Reason, loss.Count - 1, loss.FirstTimestamp, loss.FirstPosition, loss.Hop, loss.UpperBound);
        }

        losses.Add(loss.SourceId.Span, loss.InstanceId.Span, loss.Reason, 1, loss.LastTimestamp, loss.LastPosition, loss.Hop, loss.UpperBound);
    }
}
