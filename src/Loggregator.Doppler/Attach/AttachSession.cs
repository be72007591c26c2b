using Grpc.Core;
using Loggregator.Doppler.Egress;
using Loggregator.Doppler.Lifetime;
using Loggregator.Doppler.Plumbing;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler.Attach;

/// <summary>
/// One client's Attach stream: requests open, change, credit and close subscriptions; pumps write frames, one for the subscriptions of v2
/// and, from the first of these on, one for those of v1. The answer to an Open is queued before the subscription gets its credit, so it is
/// never behind the first of its envelopes.
/// </summary>
internal sealed class AttachSession(
    EnvelopeLog log,
    LogSources sources,
    DropsondeRows v1,
    DopplerIdentity identity,
    DopplerCounters counters,
    Draining draining,
    TimeProvider time,
    ILogger logger)
    : IDisposable
{
    private const int MaxSubscriptions = 100_000;
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(5); // for the client to end the stream, so that it has got the last frame for sure
    private readonly AttachMembers _members = new(identity, logger);
    private readonly AttachOutput _v2 = new(log, counters, conversion: null);
    private readonly HeldAnnouncement _held = new(sources, time);
    private readonly Dictionary<uint, AttachOutput> _open = [];
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _oneWrite = new(1); // the stream takes one message at a time
    private AttachOutput? _v1;
    private Task _v1Pump = Task.CompletedTask;
    private bool _toldLeaving;
    private bool _greeted;

    public async Task RunAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context)
    {
        await using var gone = context.CancellationToken.Register(_end.Cancel);
        await using var cut = draining.Cut.Register(context.GetHttpContext().Abort); // a write that waits for the peer ends with the stream
        var writing = WriteAllAsync(responses);
        var reading = ReadRequestsAsync(requests, responses);
        await Task.WhenAny(reading, writing);
        var readOut = writing.IsCompletedSuccessfully && !_end.IsCancellationRequested;
        if (readOut)
        {
            await Task.WhenAny(reading, Task.Delay(Goodbye, time, _end.Token));
        }

        await _end.CancelAsync();
        try
        {
            await Task.WhenAll(writing, reading);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            if (!readOut)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "The client went away."));
            }
        }
        finally
        {
            await _v1Pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        Interlocked.Add(ref counters.Subscriptions, -_open.Count);
        _v2.Dispose();
        _v1?.Dispose();
        _end.Dispose();
        _oneWrite.Dispose();
    }

    private async Task WriteAllAsync(IServerStreamWriter<MessageBuffer> responses)
    {
        await PumpAsync(_v2, responses, Finish);
        await _v1Pump;
        if (!_end.IsCancellationRequested && !draining.Cut.IsCancellationRequested)
        {
            _v2.Frame.Add(new AttachFrame { ReadOut = true });
            using var last = _v2.Frame.Take();
            await responses.WriteAsync(last);
        }
    }

    private async Task PumpAsync(AttachOutput output, IServerStreamWriter<MessageBuffer> responses, Func<bool, bool> finish)
    {
        await using var pump = new EgressPump(output.Consumer, output.Frame, counters, draining, time, _end.Token);
        try
        {
            await pump.RunAsync(WriteAsync, finish);
        }
        catch
        {
            await _end.CancelAsync(); // one is not there without the other
            throw;
        }

        async Task WriteAsync(MessageBuffer message)
        {
            await _oneWrite.WaitAsync(_end.Token);
            try
            {
                await responses.WriteAsync(message);
            }
            finally
            {
                _oneWrite.Release();
            }
        }
    }

    private async Task ReadRequestsAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> responses)
    {
        while (await requests.MoveNext(_end.Token))
        {
            using var message = requests.Current;
            Handle(WireRequest.Parse(AttachRequest.Parser, message.Span), responses);
        }
    }

    private void Handle(AttachRequest request, IServerStreamWriter<MessageBuffer> responses)
    {
        switch (request.RequestCase)
        {
            case AttachRequest.RequestOneofCase.Open:
                Open(request.Open, OutputOf(request.Open, responses));
                break;
            case AttachRequest.RequestOneofCase.Credit when _open.TryGetValue(request.Credit.Subscription, out var output):
                output.Consumer.Grant(request.Credit.Subscription, (long)Math.Min(request.Credit.Bytes, long.MaxValue));
                break;
            case AttachRequest.RequestOneofCase.Close:
                Close(request.Close.Subscription);
                break;
            case AttachRequest.RequestOneofCase.Ack:
                Acknowledge(request.Ack);
                break;
            default:
                break; // the hello, or what a later version asks
        }
    }

    /// <summary>Where the envelopes go that this asks for. The greeting is being written already when requests are read, so v1 comes behind it.</summary>
    private AttachOutput OutputOf(Open open, IServerStreamWriter<MessageBuffer> responses)
    {
        if (open.V1 is null)
        {
            return _v2;
        }

        if (_v1 is null)
        {
            v1.Enter();
            var output = _v1 = new AttachOutput(log, counters, v1);
            _v1Pump = PumpAsync(output, responses, _ => FinishNews(output));
        }

        return _v1;
    }

    private void Open(Open open, AttachOutput output)
    {
        var known = _open.TryGetValue(open.Subscription, out var present);
        var error = open.Subscription == 0 ? "A subscription's number is 1 or more."
            : _open.Count >= MaxSubscriptions && !known ? $"There are {MaxSubscriptions} subscriptions already."
            : open.Sharing == Sharing.BySource && open.ShardId.Length > 0 && open.Member.Length == 0 ? "A member of a group by source needs a name."
            : known && present != output ? "A subscription cannot change between v1 and v2."
            : open.Acknowledged ? AttachMembers.Refuse(open)
            : "";
        var answer = new Opened { Subscription = open.Subscription, Error = error };
        if (error.Length == 0)
        {
            var opened = output.Consumer.Open(Compile(open));
            answer.Error = opened.Refused ?? "";
            answer.NewGroup = opened.NewGroup;
            answer.FirstPosition = (ulong)opened.FirstPosition;
            answer.LivePosition = (ulong)opened.LivePosition;
            answer.OldestTimestamp = opened.OldestTimestamp;
            answer.AgedOut = opened.AgedOut;
            if (opened.History is { } history)
            {
                answer.History = (ulong)history;
            }

            if (answer.Error.Length == 0)
            {
                Opened(open, output);
            }
        }

        output.News.Add(frame => frame.Opened.Add(answer));
        output.Consumer.Grant(open.Subscription, (long)Math.Min(open.Credit, long.MaxValue));
        output.Consumer.Signal.Set();
    }

    private void Opened(Open open, AttachOutput output)
    {
        if (_open.TryAdd(open.Subscription, output))
        {
            Interlocked.Increment(ref counters.Subscriptions);
        }

        if (open.Acknowledged)
        {
            _members.Add(open);
        }
    }

    private void Acknowledge(Ack ack)
    {
        if (_open.TryGetValue(ack.Subscription, out var output) && _members.Acknowledge(ack, output.Consumer) is { } error)
        {
            End(ack.Subscription, output);
            Tell(ack.Subscription, error);
        }
    }

    /// <summary>Tells that a subscription was ended here, and why. Any thread.</summary>
    private void Tell(uint subscription, string error)
    {
        _v2.News.Add(frame => frame.Ended.Add(new Ended { Subscription = subscription, Error = error }));
        _v2.Consumer.Signal.Set();
    }

    private void End(uint subscription, AttachOutput output)
    {
        _open.Remove(subscription);
        _members.Remove(subscription);
        output.Consumer.Close(subscription);
        Interlocked.Decrement(ref counters.Subscriptions);
    }

    private void Close(uint subscription)
    {
        if (_open.TryGetValue(subscription, out var output))
        {
            End(subscription, output);
        }

        output ??= _v2;
        output.News.Add(frame => frame.Closed.Add(subscription));
        output.Consumer.Signal.Set();
    }

    private SubscriptionRequest Compile(Open open)
    {
        var start = open.Start;
        var known = start is { FromCase: Start.FromOneofCase.After } && start.Incarnation == identity.Incarnation;
        return new SubscriptionRequest
        {
            Id = open.Subscription,
            Selectors = open.V1 is { } filter ? [filter.Compile()] : [.. open.Selectors.Select(selector => new EnvelopeSelector(selector))],
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
            Acknowledged = open.Acknowledged,
            OnEnded = error => Tell(open.Subscription, error),
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
            _v2.Frame.Add(new AttachFrame
            {
                Hello = new DopplerHello
                {
                    DopplerId = identity.Id,
                    Incarnation = identity.Incarnation,
                    Protocol = 1,
                    Restored = identity.Restored,
                    LostBefore = identity.LostBefore,
                },
                Held = _held.Next(),
            });
        }

        if (tick)
        {
            _members.WarnOfOverdue(_v2.Consumer);
            if (_held.Next() is { } held)
            {
                _v2.Frame.Add(new AttachFrame { Held = held });
            }
        }

        if (!_toldLeaving && draining.Stopping.IsCancellationRequested)
        {
            _toldLeaving = true;
            _v2.Frame.Add(new AttachFrame { Leaving = true });
        }

        return FinishNews(_v2);
    }

    private bool FinishNews(AttachOutput output)
    {
        if (output.News.Take() is { } news)
        {
            output.Frame.Add(news);
        }

        Interlocked.Add(ref counters.GapsWritten, output.Frame.Gaps);
        return !output.Frame.IsEmpty;
    }
}
