using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>
/// Reads <c>loggregator.v2.Egress/BatchedReceiver</c> of an original Doppler or reverse log proxy in the shape of a <see cref="GroupConsumer"/>.
/// The sender keeps nothing, so each envelope comes at most once and acknowledging says nothing; a frame that is not taken holds the sender
/// by HTTP/2 alone, which then drops. Envelopes have no positions: their ids are their stamps, if they have any. One reader.
/// </summary>
internal sealed class EgressConsumer : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly MessageBuffer _request; // written again at each call, and left to the collector, as a call may be writing it at the end
    private readonly string _address;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
    private readonly Queue<ConsumedFrame> _frames = new(); // of one message
    private AsyncServerStreamingCall<MessageBuffer>? _call;
    private long _callBegan;
    private long _received;
    private long _invalid;
    private bool _broke;
    private bool _told;

    /// <summary>A consumer that dials when it is read.</summary>
    /// <param name="address">Where, <c>host:port</c>.</param>
    /// <param name="serverName">What the peer's certificate must name, for example <see cref="PeerConnector.ReverseLogProxyName"/>.</param>
    /// <param name="shardId">Shares the matches among all readers of the same id; empty: every match.</param>
    /// <param name="selectors">Any match of any of these.</param>
    /// <param name="connector">Dials.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Gets a line when the stream is lost.</param>
    public EgressConsumer(
        string address, string serverName, string shardId, IEnumerable<Selector> selectors, PeerConnector connector, TimeProvider time, ILogger log)
    {
        (_address, _time, _log) = (address, time, log);
        _channel = connector.Open(address, serverName);
        var request = new EgressBatchRequest { ShardId = shardId, UsePreferredTags = true };
        request.Selectors.AddRange(selectors);
        _request = MessageBuffer.Rent(request.CalculateSize());
        request.WriteTo(_request);
    }

    /// <summary>Envelopes received, invalid ones included.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Of these, those that were dropped because they are not valid.</summary>
    public long Invalid => Interlocked.Read(ref _invalid);

    /// <summary>
    /// The frames as they come, until cancelled. The caller owns each. The first one after the stream broke carries a gap: what was under way then
    /// and meanwhile is gone, and nobody knows how much.
    /// </summary>
    public async IAsyncEnumerable<ConsumedFrame> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (true)
        {
            while (_frames.TryDequeue(out var frame))
            {
                yield return frame;
            }

            await ReceiveAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _call?.Dispose();
        _channel.Dispose();
        while (_frames.TryDequeue(out var frame))
        {
            frame.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private async Task ReceiveAsync(CancellationToken cancel)
    {
        string reason;
        try
        {
            var call = _call ??= Open(cancel);
            if (await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false))
            {
                using var batch = call.ResponseStream.Current;
                Take(batch);
                return;
            }

            reason = "it ended the stream";
        }
        catch (Exception e) when (e is RpcException or IOException or HttpRequestException)
        {
            cancel.ThrowIfCancellationRequested();
            reason = PeerFailure.Text(e);
        }

        _call?.Dispose();
        _call = null;
        _broke |= Received > 0; // before the first message nothing was ours
        _backoff.ResetAfter(_time.GetElapsedTime(_callBegan));
        if (!_told)
        {
            _told = true;
            Log.EgressLost(_log, _address, reason);
        }

        await Task.Delay(_backoff.Next(), _time, cancel).ConfigureAwait(false);
    }

    private AsyncServerStreamingCall<MessageBuffer> Open(CancellationToken cancel)
    {
        _callBegan = _time.GetTimestamp();
        return _channel.CreateCallInvoker().AsyncServerStreamingCall(
            RawMethods.BatchedReceiver, null, new CallOptions(cancellationToken: cancel), _request);
    }

    // We are the first of our tiers that sees these bytes: an invalid envelope is dropped alone, and splits the batch.
    private void Take(MessageBuffer batch)
    {
        _told = false;
        var records = new RecordReader(batch.Span);
        int start = 0, end = 0, count = 0;
        while (records.MoveNext())
        {
            Interlocked.Increment(ref _received);
            var valid = RawEnvelope.TryRead(records.Current, out _);
            if (count > 0 && (!valid || records.RecordOffset != end))
            {
                Deliver(new DopplerRun(batch, start, end - start, count, 1));
                count = 0;
            }

            if (!valid)
            {
                Interlocked.Increment(ref _invalid);
                continue;
            }

            start = count == 0 ? records.RecordOffset : start;
            end = records.RecordOffset + records.RecordLength;
            count++;
        }

        if (count > 0)
        {
            Deliver(new DopplerRun(batch, start, end - start, count, 1));
        }
    }

    private void Deliver(in DopplerRun run)
    {
        ConsumedGap[] gaps = _broke ? [ConsumedGap.Unknown(LossReason.PeerGone)] : [];
        _broke = false;
        _frames.Enqueue(new ConsumedFrame(null, new CursorMark(_address, 0, 0), gaps, run));
    }
}
