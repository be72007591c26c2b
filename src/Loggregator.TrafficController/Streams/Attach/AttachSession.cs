using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>
/// One client's Attach stream: one loop reads requests, one pump does what they ask and writes frames. Subscriptions that have something
/// to read take turns, a frame's bytes each. <see cref="Ready"/>: any thread; everything else: the pump.
/// </summary>
internal sealed class AttachSession(Subscriptions subscriptions, OpenStreams streams, ServerCallContext context) : IDisposable
{
    private const int MaxPendingRequests = 16; // beyond them the client waits
    private readonly Channel<AttachRequest> _requests = Channel.CreateBounded<AttachRequest>(MaxPendingRequests);
    private readonly AttachPeer _peer = new(context.Peer, context.GetHttpContext().Abort);
    private readonly Dictionary<uint, AttachSubscription> _open = [];
    private readonly Lock _sync = new(); // innermost
    private readonly Queue<AttachSubscription> _ready = new();
    private readonly AsyncSignal _signal = new();
    private readonly FrameWriter _frame = new();
    private AttachSubscription? _last; // that has put something into the frame
    private long _writing; // envelopes of the frame under way
    private bool _toldLeaving;

    public async Task RunAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> frames)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        await using var gone = end.Token.Register(_signal.Set);
        await using var stopping = streams.Stopping.Register(_signal.Set);
        var reading = ReadAsync(requests, end.Token);
        try
        {
            await PumpAsync(frames, end.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "The client went away."));
        }
        finally
        {
            await end.CancelAsync();
            await reading;
        }
    }

    public void Dispose()
    {
        _last?.Discard(_writing + _frame.Deliveries);
        foreach (var subscription in _open.Values)
        {
            subscription.Dispose();
        }

        _frame.Dispose();
    }

    private async Task ReadAsync(IAsyncStreamReader<MessageBuffer> requests, CancellationToken cancel)
    {
        Exception? failure = null;
        try
        {
            while (await requests.MoveNext(cancel))
            {
                using var message = requests.Current;
                await _requests.Writer.WriteAsync(AttachRequest.Parser.ParseFrom(message.Span), cancel);
                _signal.Set();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            failure = new RpcException(new Status(StatusCode.InvalidArgument, "The AttachRequest is malformed."));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or RpcException)
        {
            failure = e;
        }

        _requests.Writer.Complete(failure);
        _signal.Set();
    }

    private async Task PumpAsync(IServerStreamWriter<MessageBuffer> frames, CancellationToken cancel)
    {
        _frame.Tell(new AttachFrame { Hello = subscriptions.Hello });
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var last = streams.Draining;
            if (last && !_toldLeaving)
            {
                _toldLeaving = true;
                _frame.Tell(new AttachFrame { Leaving = true });
            }

            while (!_frame.Full && _requests.Reader.TryRead(out var request))
            {
                Handle(request);
            }

            if (_requests.Reader.Completion.IsCompleted)
            {
                await _requests.Reader.Completion; // the client has no more to ask, or asked something that is none
                return;
            }

            FillFrame();
            if (!_frame.IsEmpty)
            {
                await WriteAsync(frames);
            }
            else if (last)
            {
                return;
            }
            else
            {
                await _signal.WaitAsync();
            }
        }
    }

    private void Ready(AttachSubscription subscription)
    {
        lock (_sync)
        {
            if (subscription.Queued)
            {
                return;
            }

            subscription.Queued = true;
            _ready.Enqueue(subscription);
        }

        _signal.Set();
    }

    private bool TryTakeReady([NotNullWhen(true)] out AttachSubscription? subscription)
    {
        lock (_sync)
        {
            if (!_ready.TryDequeue(out subscription))
            {
                return false;
            }

            subscription.Queued = false;
            return true;
        }
    }

    private void FillFrame()
    {
        while (!_frame.Full && TryTakeReady(out var subscription))
        {
            if (subscription.Closed)
            {
                continue;
            }

            if (!_frame.Takes(subscription.IsV1))
            {
                Ready(subscription);
                return;
            }

            _last = subscription;
            if (subscription.Fill())
            {
                Ready(subscription);
                return;
            }
        }
    }

    private async Task WriteAsync(IServerStreamWriter<MessageBuffer> frames)
    {
        _writing = _frame.Deliveries;
        using var message = _frame.Take();
        var clock = (_last is { Closed: false } ? _last : _open.Values.FirstOrDefault())?.Clock; // any will do to see whether the client reads
        clock?.BeginWrite();
        await frames.WriteAsync(message);
        clock?.EndWrite();
        Interlocked.Add(ref subscriptions.Counters.Written, _writing);
        Interlocked.Add(ref subscriptions.Counters.WrittenBytes, message.Length);
        _writing = 0;
    }

    private void Handle(AttachRequest request)
    {
        switch (request.RequestCase)
        {
            case AttachRequest.RequestOneofCase.Open:
                Open(request.Open);
                break;
            case AttachRequest.RequestOneofCase.Credit when _open.TryGetValue(request.Credit.Subscription, out var subscription):
                subscription.Grant(request.Credit.Bytes);
                Ready(subscription);
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
        var query = OpenQuery.TryRead(open, subscriptions.Options, out var error);
        _open.TryGetValue(open.Subscription, out var present);
        error = open.Subscription == 0 ? "A subscription's number is 1 or more."
            : present is not null && query is not null && present.IsV1 != query.Request.V1 is not null ? "A subscription cannot change between v1 and v2."
            : error.Length == 0 && streams.Draining ? "The Traffic Controller is stopping."
            : error;
        if (error.Length == 0 && present is null && !subscriptions.TryAdd())
        {
            error = string.Create(CultureInfo.InvariantCulture, $"There are {subscriptions.Options.MaxAttachSubscriptions} subscriptions already.");
        }

        _frame.Tell(new AttachFrame { Opened = { new Opened { Subscription = open.Subscription, Error = error } } });
        if (error.Length > 0)
        {
            return;
        }

        if (present is null)
        {
            present = new AttachSubscription(open.Subscription, query!, subscriptions, _frame, _peer, Ready);
            _open.Add(open.Subscription, present);
        }
        else
        {
            present.Change(query!);
        }

        present.Grant(open.Credit);
        Ready(present);
    }

    private void Close(uint id)
    {
        if (_open.Remove(id, out var subscription))
        {
            subscription.Dispose();
        }

        _frame.Tell(new AttachFrame { Closed = { id } });
    }
}
