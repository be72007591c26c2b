using Google.Protobuf;
using Google.Protobuf.Collections;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Takes the frames of what one Doppler's aggregation came to. One thread.</summary>
internal sealed class AggregateAnswer
{
    private readonly List<PartialGroup> _groups = [];
    private readonly List<Annotation> _remarks = [];

    /// <summary>What it came to.</summary>
    public PartialGroups Result => new(_groups, Samples, _remarks);

    /// <summary>Producers whose series are in it.</summary>
    public List<ulong> Producers { get; } = [];

    /// <summary>Producers whose series the Doppler has, and left out.</summary>
    public List<ulong> LeftOut { get; } = [];

    /// <summary>Samples that it is of.</summary>
    public long Samples { get; private set; }

    /// <summary>Whether the last frame has come.</summary>
    public bool Complete { get; private set; }

    /// <summary>Takes a frame; false where it is none.</summary>
    public bool TryAdd(MessageBuffer message)
    {
        AggregateFrame frame;
        try
        {
            frame = AggregateFrame.Parser.ParseFrom(message.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        Producers.AddRange(frame.Producers);
        LeftOut.AddRange(frame.LeftOut);
        Complete |= frame.Complete;
        Samples += (long)Math.Min(frame.Samples, int.MaxValue);
        _remarks.AddRange(frame.Remarks.Select(remark => new Annotation(remark.Warning, remark.Text)));
        foreach (var group in frame.Groups)
        {
            var count = group.Values.Count;
            if (!Fits(group.Compensations, group) || !Fits(group.Counts, group))
            {
                return false;
            }

            _groups.Add(new PartialGroup(Labels.Of(group.Labels), group.DropName, group.Values.ToArray(), group.Compensations.ToArray(), group.Counts.ToArray()));
        }

        return true;
    }

    // One for each value, or none at all.
    private static bool Fits(RepeatedField<double> column, AggregateGroup group) => column.Count == 0 || column.Count == group.Values.Count;
}
