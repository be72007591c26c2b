using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>The stream of <c>/v2/read</c>: batches, heartbeats, the closing event, and nothing that the original does not send.</summary>
internal sealed class GatewayPump : SsePump
{
    private readonly GapForms _gaps;
    private readonly TrafficControllerCounters _counters;

    public GatewayPump(OpenStream open, SseWriter sse, SseTimes times, TimeProvider time, TrafficControllerCounters counters)
        : base(open, sse, times, time)
    {
        _counters = counters;
        _gaps = new GapForms(open.Envelopes.Request.Selectors);
        Batch = new BatchWriter(sse, instanceId: null, TellGapRecord, cursor: null, counters);
    }

    protected override BatchWriter Batch { get; }

    protected override bool Handle(in StreamItem item)
    {
        if (item.Page is { } page)
        {
            Batch.Write(page);
        }
        else if (item.Kind == StreamItemKind.Gap)
        {
            foreach (var gap in Stream.TakeGaps())
            {
                Tell(gap);
            }
        }

        return true;
    }

    private bool TellGapRecord(StreamGap gap)
    {
        if (_gaps.AdmitsCounter(gap.SourceId))
        {
            return false;
        }

        Tell(gap);
        return true;
    }

    private void Tell(StreamGap gap)
    {
        Interlocked.Add(ref _counters.ToldLost, (long)gap.Count);
        using var envelope = MessageBuffer.Rent(512);
        if (_gaps.TryWrite(envelope, gap))
        {
            Batch.WriteMade(envelope.Span);
        }
    }
}
