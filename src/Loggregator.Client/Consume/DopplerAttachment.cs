using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Client.Consume;

/// <summary>
/// The one Attach stream to one Doppler, with any number of subscriptions, made again with growing pauses whenever it breaks.
/// Any thread may subscribe; subscribers and the observer are called from its one read loop, which never waits for them.
/// </summary>
internal sealed class DopplerAttachment : IAsyncDisposable
{
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _sync = new(); // innermost but for the subscriptions' own
    private readonly ConcurrentDictionary<uint, DopplerSubscription> _subscriptions = new();
    private readonly AttachFrameWalker _walker;
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly IDopplerObserver _observer;
    private readonly TimeProvider _time;
    private readonly string _clientId;
    private Task _loop = Task.CompletedTask;
    private AttachOutbox? _outbox;
    private uint _lastId;
    private volatile DopplerIdentity? _identity;
    private volatile HeldView? _held;
    private readonly ConcurrentDictionary<uint, TaskCompletionSource> _closing = new();
    private volatile bool _retired;
    private volatile bool _ended;

    /// <summary>An attachment that is not started yet.</summary>
    /// <param name="address">Where to dial, <c>ip:port</c>.</param>
    /// <param name="connector">Dials it.</param>
    /// <param name="clientId">Who we are, for the Doppler's log.</param>
    /// <param name="observer">Hears how it fares.</param>
    /// <param name="time">The clock.</param>
    public DopplerAttachment(string address, PeerConnector connector, string clientId, IDopplerObserver observer, TimeProvider time)
    {
        Address = address;
        _clientId = clientId;
        _observer = observer;
        _time = time;
        _channel = connector.Open(address, PeerConnector.DopplerName);
        _walker = new AttachFrameWalker(this);
    }

    /// <summary>Where it dials.</summary>
    public string Address { get; }

    /// <summary>Who is at the other end; null while nobody is.</summary>
    public DopplerIdentity? Identity => _identity;

    /// <summary>Whether the Doppler went on with the recent history of its former run.</summary>
    public bool Restored { get; private set; }

    /// <summary>When the Doppler started without what its former run had held, as far as it knows, UNIX nanoseconds; else 0.</summary>
    public long LostBefore { get; private set; }

    /// <summary>Whether the Doppler has said that it will stop.</summary>
    public bool Leaving { get; private set; }

    /// <summary>Whether the last stream ended because the Doppler stopped, when everything had been read from it and acknowledged.</summary>
    public bool ReadOut { get; private set; }

    /// <summary>Whether it gave up after <see cref="Retire"/>.</summary>
    public bool Ended => _ended;

    /// <summary>What the Doppler last announced that it holds; null while it has announced nothing, so that it may hold anything.</summary>
    public HeldView? Held => _held;

    /// <summary>The typed calls of the same Doppler, over the same connection.</summary>
    public Protocol.Internal.Doppler.DopplerClient Calls => new(_channel);

    /// <summary>A Read whose frames stay bytes; each received one is the caller's.</summary>
    public AsyncServerStreamingCall<MessageBuffer> Read(MessageBuffer request, CancellationToken cancel) =>
        _channel.CreateCallInvoker().AsyncServerStreamingCall(RawMethods.Read, null, new CallOptions(cancellationToken: cancel), request);

    /// <summary>A ReadSeries whose frames stay bytes; each received one is the caller's.</summary>
    public AsyncServerStreamingCall<MessageBuffer> ReadSeries(MessageBuffer request, CancellationToken cancel) =>
        _channel.CreateCallInvoker().AsyncServerStreamingCall(RawMethods.ReadSeries, null, new CallOptions(cancellationToken: cancel), request);

    /// <summary>An AggregateSeries whose frames stay bytes; each received one is the caller's.</summary>
    public AsyncServerStreamingCall<MessageBuffer> AggregateSeries(MessageBuffer request, CancellationToken cancel) =>
        _channel.CreateCallInvoker().AsyncServerStreamingCall(RawMethods.AggregateSeries, null, new CallOptions(cancellationToken: cancel), request);

    /// <summary>Begins to attach; returns at once.</summary>
    public void Start() => _loop = RunAsync();

    /// <summary>Lets the stream run until it breaks, and does not make it again then: the address is not listed any more.</summary>
    public void Retire() => _retired = true;

    /// <summary>Takes <see cref="Retire"/> back; false when it is too late.</summary>
    public bool Resume()
    {
        _retired = false;
        return !_ended;
    }

    /// <summary>Adds a subscription; it is opened now or when the Doppler is attached.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="start">Where to start at first.</param>
    /// <param name="subscriber">Takes what comes.</param>
    /// <param name="from">A position that takes the place of <paramref name="start"/>.</param>
    /// <param name="held">Bytes of the window that are taken already; to be released like others.</param>
    public DopplerSubscription Subscribe(SubscriptionSpec spec, StreamStart start, IDopplerSubscriber subscriber, CursorMark? from = null, long held = 0)
    {
        lock (_sync)
        {
            long? openedAt = _identity is null ? _time.GetUnixNanoseconds() : null;
            var subscription = new DopplerSubscription(this, ++_lastId, spec, start, from, openedAt, held, subscriber);
            _subscriptions[subscription.Id] = subscription;
            if (_identity is { } identity)
            {
                _outbox!.Post(subscription.Open(identity));
            }

            return subscription;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _channel.Dispose();
        _stop.Dispose();
    }

    internal void Post(AttachRequest request)
    {
        lock (_sync)
        {
            if (_identity is not null)
            {
                _outbox!.Post(request);
            }
        }
    }

    internal void Forget(DopplerSubscription subscription)
    {
        _subscriptions.TryRemove(subscription.Id, out _);
        Post(new AttachRequest { Close = new Close { Subscription = subscription.Id } });
    }

    /// <summary>Ends a subscription; done when the Doppler has answered for it, and for what was posted before, or is lost.</summary>
    internal Task ForgetAsync(DopplerSubscription subscription)
    {
        var answered = _closing[subscription.Id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_sync)
        {
            if (_identity is null)
            {
                answered.TrySetResult();
            }
        }

        Forget(subscription);
        return answered.Task;
    }

    internal void Closed(uint id)
    {
        if (_closing.TryRemove(id, out var answered))
        {
            answered.TrySetResult();
        }
    }

    internal bool TryFind(uint id, out DopplerSubscription? subscription) => _subscriptions.TryGetValue(id, out subscription);

    internal void Opened(Opened opened)
    {
        if (_identity is { } identity && _subscriptions.TryGetValue(opened.Subscription, out var subscription))
        {
            subscription.Opened(opened, identity);
        }
    }

    internal void Left() => Leaving = true;

    internal void ReadToTheEnd() => ReadOut = true;

    internal void Holds(HeldSources held) => _held = new HeldView(held);

    private async Task RunAsync()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        await Task.Yield();
        while (!_ended)
        {
            string reason;
            var began = _time.GetTimestamp();
            try
            {
                reason = await AttachOnceAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or IOException or HttpRequestException or OperationCanceledException or InvalidOperationException)
            {
                reason = PeerFailure.Text(e);
            }

            Detach(reason);
            if (!_ended)
            {
                backoff.ResetAfter(_time.GetElapsedTime(began));
                await Task.Delay(backoff.Next(), _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<string> AttachOnceAsync()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var patience = new CancellationTokenSource(HelloTimeout, _time);
        using var impatient = patience.Token.Register(cancel.Cancel);
        using var call = _channel.CreateCallInvoker()
            .AsyncDuplexStreamingCall(RawMethods.Attach, null, new CallOptions(cancellationToken: cancel.Token));
        var outbox = new AttachOutbox();
        outbox.Post(new AttachRequest { Hello = new AttachHello { ClientId = _clientId, Protocol = 1 } });
        var writing = outbox.RunAsync(call.RequestStream);
        try
        {
            while (await call.ResponseStream.MoveNext(cancel.Token).ConfigureAwait(false))
            {
                using var frame = call.ResponseStream.Current;
                if (_identity is null)
                {
                    await impatient.DisposeAsync().ConfigureAwait(false);
                    if (Welcome(frame, outbox) is { } refused)
                    {
                        return refused;
                    }
                }

                if (!_walker.Walk(frame))
                {
                    return "it sent a frame that is not well formed";
                }

                _observer.OnFrameEnd(this);
                if (ReadOut)
                {
                    break;
                }
            }

            return Leaving ? "it has stopped" : "it ended the stream";
        }
        finally
        {
            outbox.Complete();
            await cancel.CancelAsync().ConfigureAwait(false);
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string? Welcome(MessageBuffer frame, AttachOutbox outbox)
    {
        var hello = AttachFrameWalker.ReadHello(frame);
        if (hello is null)
        {
            return "its first frame has no hello";
        }

        if (hello.TrafficController)
        {
            return "it is a Traffic Controller, which has no positions: give the addresses of Dopplers";
        }

        var identity = new DopplerIdentity(hello.DopplerId, hello.Incarnation);
        Restored = hello.Restored;
        LostBefore = hello.LostBefore;
        if (!_observer.OnHello(this, identity))
        {
            return $"Doppler {identity.Id} is attached by another address already";
        }

        Leaving = false;
        ReadOut = false;
        _held = null; // it may be another run
        lock (_sync)
        {
            _outbox = outbox;
            _identity = identity;
            foreach (var subscription in _subscriptions.Values)
            {
                outbox.Post(subscription.Open(identity));
            }
        }

        return null;
    }

    private void Detach(string reason)
    {
        bool was;
        _ended = _retired || _stop.IsCancellationRequested;
        lock (_sync)
        {
            was = _identity is not null;
            _identity = null;
            _outbox = null;
        }

        foreach (var id in _closing.Keys)
        {
            Closed(id);
        }

        _observer.OnLost(this, was, Leaving, reason);
    }
}
