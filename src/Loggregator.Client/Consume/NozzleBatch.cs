using Loggregator.Client.Consume;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Client;

/// <summary>Envelopes of one Doppler, about 64 KiB of them at most or one that is larger, and what was lost before them.</summary>
public sealed class NozzleBatch
{
    private readonly ConsumedFrame _frame;
    private readonly GroupConsumer _group;

    internal NozzleBatch(ConsumedFrame frame, GroupConsumer group)
    {
        (_frame, _group) = (frame, group);
        var decoded = ProtobufEnvelopes.Read(frame.Records);
        var records = new List<NozzleRecord>(frame.Count);
        var gaps = frame.Gaps.Select(Gap).ToList();
        var at = 0;
        foreach (var envelope in frame)
        {
            if (decoded[at++] is Envelope readable)
            {
                records.Add(new NozzleRecord(new EnvelopeId(frame.Mark.DopplerId, frame.Mark.Incarnation, envelope.Position), readable));
            }
            else
            {
                gaps.Add(new StreamGap { Count = 1, Hop = "client", Reason = LossReason.Invalid.Text() });
            }
        }

        (Records, Gaps) = (records, gaps);
    }

    /// <summary>The envelopes; those of a source are in their order, as long as the group's members stay the same. May be none, in a batch of gaps.</summary>
    public IReadOnlyList<NozzleRecord> Records { get; }

    /// <summary>
    /// What the group lost for good before these envelopes: evicted from the log before a member had read it, or gone with a Doppler that crashed. They
    /// are told again until they are acknowledged.
    /// </summary>
    public IReadOnlyList<StreamGap> Gaps { get; }

    /// <summary>
    /// Where the group stands when this batch and what is acknowledged by now are dealt with, for <see cref="NozzleQuery.Cursor"/> after a restart. Who
    /// stores it together with the envelopes resumes from the last ones that are stored.
    /// </summary>
    public string Cursor => _group.CursorAfter(_frame.Mark).ToString();

    /// <summary>
    /// Says that everything that came from this Doppler up to and including this batch is stored: it is not sent again. In the order of the batches, but
    /// it need not be said for each. Again, or after the connection broke, changes nothing. Any thread.
    /// </summary>
    public void Acknowledge() => _frame.Acknowledge();

    private static StreamGap Gap(ConsumedGap gap) => new()
    {
        SourceId = gap.SourceId,
        InstanceId = gap.InstanceId,
        Count = (long)(gap.Count ?? 0),
        IsUpperBound = gap.UpperBound,
        Hop = gap.Hop,
        Reason = gap.Reason,
        First = gap.FirstTimestamp != 0 ? Envelope.TimeOf(gap.FirstTimestamp) : null,
        Last = gap.LastTimestamp != 0 ? Envelope.TimeOf(gap.LastTimestamp) : null,
    };
}
