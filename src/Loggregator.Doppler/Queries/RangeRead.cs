using Grpc.Core;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Doppler.Queries;

/// <summary>One Read call: a range of the log up to the head of its beginning, by source, type and time. The last frame may have no envelopes.</summary>
internal sealed class RangeRead(EnvelopeLog log, DopplerIdentity identity, DopplerCounters counters) : IDisposable
{
    private const uint TheOnly = 1;
    private const int FrameBytes = 256 * 1024;
    private readonly LogConsumer _consumer = new(log, counters.Delivery);

    public async Task RunAsync(ReadRequest request, IServerStreamWriter<MessageBuffer> frames, CancellationToken gone)
    {
        var opened = _consumer.Open(new SubscriptionRequest
        {
            Id = TheOnly,
            Selectors = [.. request.Selectors.Select(selector => new EnvelopeSelector(selector))],
            Start = request.Limit > 0 ? SubscriptionStart.Last : SubscriptionStart.Since,
            Last = request.Limit,
            Since = request.StartTime == 0 ? long.MinValue : request.StartTime,
            ReadBefore = request.EndTime == 0 ? long.MaxValue : request.EndTime,
            Credit = long.MaxValue,
            Gaps = request.Gaps,
        });
        var rest = new ReadFrame
        {
            DopplerId = identity.Id,
            Incarnation = identity.Incarnation,
            OldestTimestamp = opened.OldestTimestamp,
            NextPosition = (ulong)opened.LivePosition,
        };
        var frame = new ReadFrameBuilder(FrameBytes);
        var finished = false;
        while (!finished && !gone.IsCancellationRequested)
        {
            _consumer.Fill(frame);
            finished = _consumer.IsFinished(TheOnly);
            if (finished || !frame.IsEmpty)
            {
                await WriteAsync(frame, rest, frames);
            }
        }
    }

    public void Dispose() => _consumer.Dispose();

    private Task WriteAsync(ReadFrameBuilder frame, ReadFrame rest, IServerStreamWriter<MessageBuffer> frames)
    {
        var deliveries = frame.Deliveries;
        return ReadFrames.WriteAsync(frames, frame.Take(rest), deliveries, counters);
    }
}
