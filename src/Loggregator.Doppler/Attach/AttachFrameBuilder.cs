using System.Buffers;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Attach;

/// <summary>An AttachFrame: records as one block each, their runs, gaps, and what else there is to tell.</summary>
internal sealed class AttachFrameBuilder(int maxBytes, DropsondeRows? conversion) : LogFrame(maxBytes, repeats: false, conversion)
{
    private readonly ArrayBufferWriter<byte> _notices = new(4096);

    /// <summary>Gaps in the frame.</summary>
    public int Gaps { get; private set; }

    public override bool IsEmpty => base.IsEmpty && _notices.WrittenCount == 0;

    /// <summary>Adds what is not on the hot path.</summary>
    public void Add(AttachFrame rest) => AttachFrameCodec.WriteRest(_notices, rest);

    public override MessageBuffer Take()
    {
        if (_notices.WrittenCount > 0)
        {
            Open().Write(_notices.WrittenSpan);
            _notices.ResetWrittenCount();
        }

        Gaps = 0;
        return base.Take();
    }

    protected override void Gap(uint subscription, in Loss loss)
    {
        var before = _notices.WrittenCount;
        AttachFrameCodec.WriteGap(_notices, new GapNotice
        {
            Subscription = subscription,
            SourceId = loss.SourceId.Span,
            InstanceId = loss.InstanceId.Span,
            Count = (ulong)loss.Count,
            Hop = "doppler"u8,
            Reason = loss.Reason.Utf8(),
            FirstPosition = loss.FirstPosition,
            LastPosition = loss.LastPosition,
            FirstTimestamp = loss.FirstTimestamp,
            LastTimestamp = loss.LastTimestamp,
            UpperBound = loss.UpperBound,
        });
        GapBytes += _notices.WrittenCount - before;
        Gaps++;
    }

    protected override void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition, ReadOnlySpan<long> positions) =>
        AttachFrameCodec.WriteRun(_notices, count, subscriptions, (ulong)nextPosition, positions);
}
