using Grpc.Core;
using Loggregator.Doppler.Egress;
using Loggregator.Doppler.Lifetime;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Doppler.Attach;

/// <summary>
/// One client's Attach stream: requests open, change, credit and close subscriptions of one consumer of the log; the pump writes frames. The
/// answer to an Open is queued before the subscription gets its credit, so it is never behind the first of its envelopes.
/// </summary>
internal sealed class AttachSession(EnvelopeLog log, LogSources sources, DopplerIdentity identity, DopplerCounters counters, Draining draining, TimeProvider time)
    : IDisposable
{
    private const int FrameBytes = 64 * 1024;
    private const int MaxSubscriptions = 100_000;
    private readonly LogConsumer _consumer = new(log, counters.Delivery);
    private readonly AttachFrameBuilder _frame = new(FrameBytes);
    private readonly AttachNews _news = new();
    private readonly HeldAnnouncement _held = new(sources, time);
    private readonly HashSet<uint> _open = [];
    private bool _toldLeaving;
    private bool _greeted;

    public async Task RunAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        await using var cut = draining.Cut.Register(context.GetHttpContext().Abort); // a write that waits for the peer ends with the stream
        await using var pump = new EgressPump(_consumer, _frame, counters, draining, time, end.Token);
        var writing = pump.RunAsync(responses.WriteAsync, Finish);
        var reading = ReadRequestsAsync(requests, end.Token);
        await Task.WhenAny(reading, writing);
        var readOut = writing.IsCompletedSuccessfully && !end.IsCancellationRequested;
        await end.CancelAsync();
        try
        {
            await writing;
            await reading;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            if (!readOut)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "The client went away."));
            }
        }
    }

    public void Dispose()
    {
        Interlocked.Add(ref counters.Subscriptions, -_open.Count);
        _consumer.Dispose();
    }

    private async Task ReadRequestsAsync(IAsyncStreamReader<MessageBuffer> requests, CancellationToken end)
    {
        while (await requests.MoveNext(end))
        {
            using var message = requests.Current;
            Handle(WireRequest.Parse(AttachRequest.Parser, message.Span));
        }
    }

    private void Handle(AttachRequest request)
    {
        switch (request.RequestCase)
        {
            case AttachRequest.RequestOneofCase.Open:
                Open(request.Open);
                break;
            case AttachRequest.RequestOneofCase.Credit:
                _consumer.Grant(request.Credit.Subscription, (long)Math.Min(request.Credit.Bytes, long.MaxValue));
                break;
            case AttachRequest.RequestOneofCase.Close:
                Close(request.Close.Subscription);
                break;
            default:
                break; // the hello, or what a later version asks
        }
    }

    private void Open(Open open)
    {
        var error = open.Subscription == 0 ? "A subscription's number is 1 or more."
            : _open.Count >= MaxSubscriptions && !_open.Contains(open.Subscription) ? $"There are {MaxSubscriptions} subscriptions already."
            : open.Sharing == Sharing.BySource && open.ShardId.Length > 0 && open.Member.Length == 0 ? "A member of a group by source needs a name."
            : "";
        var answer = new Opened { Subscription = open.Subscription, Error = error };
        if (error.Length == 0)
        {
            var opened = _consumer.Open(Compile(open));
            answer.FirstPosition = (ulong)opened.FirstPosition;
            answer.LivePosition = (ulong)opened.LivePosition;
            answer.OldestTimestamp = opened.OldestTimestamp;
            answer.AgedOut = opened.AgedOut;
            if (_open.Add(open.Subscription))
            {
                Interlocked.Increment(ref counters.Subscriptions);
            }
        }

        _news.Add(frame => frame.Opened.Add(answer));
        _consumer.Grant(open.Subscription, (long)Math.Min(open.Credit, long.MaxValue));
        _consumer.Signal.Set();
    }

    private void Close(uint subscription)
    {
        if (_open.Remove(subscription))
        {
            _consumer.Close(subscription);
            Interlocked.Decrement(ref counters.Subscriptions);
        }

        _news.Add(frame => frame.Closed.Add(subscription));
        _consumer.Signal.Set();
    }

    private SubscriptionRequest Compile(Open open)
    {
        var start = open.Start;
        var known = start is { FromCase: Start.FromOneofCase.After } && start.Incarnation == identity.Incarnation;
        return new SubscriptionRequest
        {
            Id = open.Subscription,
            Selectors = [.. open.Selectors.Select(selector => new EnvelopeSelector(selector))],
            ShardId = open.ShardId,
            BySource = open.Sharing == Sharing.BySource,
            MemberName = open.Sharing == Sharing.BySource ? open.Member : open.DeterministicName,
            Start = start?.FromCase switch
            {
                Start.FromOneofCase.Last => SubscriptionStart.Last,
                Start.FromOneofCase.Since => SubscriptionStart.Since,
                Start.FromOneofCase.After => SubscriptionStart.After,
                _ => SubscriptionStart.Now,
            },
            Last = start?.Last ?? 0,
            Since = start is { FromCase: Start.FromOneofCase.Since } ? start.Since : long.MinValue,
            After = known ? (long)Math.Min(start!.After, long.MaxValue) : 0,
            Gaps = open.Gaps,
            MaxEnvelopeBytes = open.MaxEnvelopeBytes is 0 or > int.MaxValue ? int.MaxValue : (int)open.MaxEnvelopeBytes,
        };
    }

    /// <summary>Puts answers and announcements into the frame. The pump has filled it already: what it holds was answered before.</summary>
    private bool Finish(bool tick)
    {
        if (!_greeted)
        {
            _greeted = true;
            _frame.Add(new AttachFrame
            {
                Hello = new DopplerHello { DopplerId = identity.Id, Incarnation = identity.Incarnation, Protocol = 1 },
                Held = _held.Next(),
            });
        }

        if (tick && _held.Next() is { } held)
        {
            _frame.Add(new AttachFrame { Held = held });
        }

        if (_news.Take() is { } news)
        {
            _frame.Add(news);
        }

        if (!_toldLeaving && draining.Stopping.IsCancellationRequested)
        {
            _toldLeaving = true;
            _frame.Add(new AttachFrame { Leaving = true });
        }

        Interlocked.Add(ref counters.GapsWritten, _frame.Gaps);
        return !_frame.IsEmpty;
    }
}
