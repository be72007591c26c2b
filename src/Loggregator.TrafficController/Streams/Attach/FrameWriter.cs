using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>One outgoing AttachFrame after the other: blocks of records and their runs, and what else there is to tell. The session's pump only.</summary>
internal sealed class FrameWriter : IDisposable
{
    /// <summary>The most bytes of a frame, but for one envelope that is larger, and for what is told of a subscription at once.</summary>
    public const int MaxBytes = 64 * 1024;

    private MessageBuffer? _message;
    private AttachFrame _rest = new();
    private int _restBytes;
    private (uint Subscription, int Copies, int Count) _run;
    private bool _v1;

    /// <summary>There is nothing to send.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Nothing more fits.</summary>
    public bool Full => Room <= 0;

    /// <summary>Bytes that still fit.</summary>
    public int Room => MaxBytes - Length;

    /// <summary>Envelopes to deliver by this frame.</summary>
    public long Deliveries { get; private set; }

    private int Length => (_message?.Length ?? 0) + _restBytes;

    /// <summary>Whether envelopes of this version can be in it: frames never mix them.</summary>
    public bool Takes(bool v1) => Deliveries == 0 || _v1 == v1;

    /// <summary>Adds a block of records.</summary>
    public void Add(uint subscription, ReadOnlySpan<byte> records, int count, int copies, bool v1)
    {
        Begin(subscription, count, copies, v1);
        _message!.Write(records);
    }

    /// <summary>Adds one envelope.</summary>
    public void Add(uint subscription, ReadOnlySpan<byte> envelope, int copies, bool v1)
    {
        Begin(subscription, 1, copies, v1);
        Records.Append(_message!, envelope);
    }

    /// <summary>Adds what is no envelope.</summary>
    public void Tell(AttachFrame told)
    {
        _rest.MergeFrom(told);
        _restBytes += told.CalculateSize();
    }

    /// <summary>Adds what a subscription lost.</summary>
    public void Tell(uint subscription, StreamGap gap) => Tell(new AttachFrame
    {
        Gaps =
        {
            new Gap
            {
                Subscription = subscription,
                SourceId = gap.SourceId,
                InstanceId = gap.InstanceId,
                Count = gap.Count,
                Hop = gap.Hop,
                Reason = gap.Reason,
                FirstTimestamp = gap.FirstTimestamp,
                LastTimestamp = gap.LastTimestamp,
                UpperBound = gap.UpperBound,
            },
        },
    });

    /// <summary>The finished message, now the caller's; the frame is empty again.</summary>
    public MessageBuffer Take()
    {
        EndRun();
        var message = _message ?? MessageBuffer.Rent(_restBytes);
        _message = null;
        if (_restBytes > 0)
        {
            AttachFrameCodec.WriteRest(message, _rest);
            _rest = new AttachFrame();
            _restBytes = 0;
        }

        Deliveries = 0;
        return message;
    }

    public void Dispose() => _message?.Dispose();

    private void Begin(uint subscription, int count, int copies, bool v1)
    {
        if (_run.Count > 0 && (_run.Subscription != subscription || _run.Copies != copies))
        {
            EndRun();
        }

        _message ??= MessageBuffer.Rent(MaxBytes + 1024);
        _run = (subscription, copies, _run.Count + count);
        _v1 = v1;
        Deliveries += (long)count * copies;
    }

    private void EndRun()
    {
        if (_run.Count == 0)
        {
            return;
        }

        var takers = _run.Copies <= 64 ? stackalloc uint[_run.Copies] : new uint[_run.Copies];
        takers.Fill(_run.Subscription);
        AttachFrameCodec.WriteRun(_message!, _run.Count, takers, nextPosition: 0);
        _run = default;
    }
}
