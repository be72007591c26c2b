using Google.Protobuf;
using Grpc.Core;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Doppler.Queries;

/// <summary>A Read call by time: what is found is collected first, then written in frames. The last frame may have no envelopes.</summary>
internal sealed class OrderedRead(EnvelopeLog log, DopplerIdentity identity, DopplerCounters counters)
{
    private const int FrameBytes = 256 * 1024;
    private const int MaxLimit = 100_000;

    public async Task RunAsync(TimeOrder order, IServerStreamWriter<MessageBuffer> frames, CancellationToken gone)
    {
        using var read = new TimeRead(log, Check(order));
        if (!read.Run())
        {
            throw Refuse(StatusCode.ResourceExhausted, $"The envelopes asked for are more than {order.MaxBytes} bytes together.");
        }

        Interlocked.Add(ref counters.Delivery.Matched, read.Count);
        var told = 0;
        var frame = MessageBuffer.Rent(FrameBytes);
        try
        {
            var envelopes = 0;
            foreach (var record in read.InOrder())
            {
                if (frame.Length > 0 && frame.Length + record.Length > FrameBytes)
                {
                    told += envelopes;
                    await ReadFrames.WriteAsync(frames, Finish(frame), envelopes, counters);
                    gone.ThrowIfCancellationRequested();
                    (frame, envelopes) = (MessageBuffer.Rent(FrameBytes), 0);
                }

                frame.Write(record.Span);
                envelopes++;
            }

            told += envelopes;
            await ReadFrames.WriteAsync(frames, Finish(frame), envelopes, counters);
        }
        finally
        {
            Interlocked.Add(ref counters.Delivery.PeerGone, read.Count - told);
        }
    }

    private MessageBuffer Finish(MessageBuffer frame)
    {
        new ReadFrame { DopplerId = identity.Id, Incarnation = identity.Incarnation, ByTime = true }.WriteTo(frame);
        return frame;
    }

    private static TimeReadRequest Check(TimeOrder order)
    {
        if (order.Limit is 0 or > MaxLimit)
        {
            throw Refuse(StatusCode.InvalidArgument, $"The limit is {order.Limit}: give 1 to {MaxLimit}.");
        }

        NameFilter? names = null;
        if (order.NameFilter.Length > 0 && (names = NameFilter.TryCreate(order.NameFilter, out var error)) is null)
        {
            throw Refuse(StatusCode.InvalidArgument, $"The name filter is no regular expression: {error}.");
        }

        return new TimeReadRequest
        {
            SourceId = System.Text.Encoding.UTF8.GetBytes(order.SourceId),
            Start = order.StartTime,
            End = order.EndTime,
            Limit = (int)order.Limit,
            Descending = order.Descending,
            Types = order.Types_.Count == 0 ? -1 : order.Types_.Aggregate(0, (types, type) => types | (type < TypeCounts.Length ? 1 << (int)type : 0)),
            Names = names,
            FromPosition = (long)Math.Min(order.FromPosition, long.MaxValue),
            MaxBytes = order.MaxBytes is 0 or > int.MaxValue ? int.MaxValue : (int)order.MaxBytes,
        };
    }

    private static RpcException Refuse(StatusCode code, string why) => new(new Status(code, why));
}
