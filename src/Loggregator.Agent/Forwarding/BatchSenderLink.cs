using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Agent.Forwarding;

/// <summary>
/// A lane's <c>BatchSender</c> stream to an original Doppler, which never answers. A batch counts as arrived when the stream still lives two
/// seconds after it was written, or when so many bytes were written behind it that the transport cannot hold it any more; what is younger when
/// the stream breaks is unconfirmed. What came as v1 goes over a <see cref="PusherStream"/> if the operator wants it.
/// </summary>
internal sealed class BatchSenderLink : ILaneLink
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private readonly AsyncClientStreamingCall<MessageBuffer, MessageBuffer> _call;
    private readonly LinkStatus _status;
    private readonly TimeProvider _time;
    private readonly long _settledBytes;
    private readonly Queue<(ulong N, long At, int Bytes)> _young = new();
    private readonly Task _ending;
    private readonly PusherStream? _pusher;
    private Task _writing = Task.CompletedTask;
    private volatile bool _finishing, _finished;
    private long _youngBytes;
    private ulong _confirmed, _sent;

    /// <summary>Opens the stream.</summary>
    public BatchSenderLink(DopplerPeer peer, int generation, GrpcChannel channel, AsyncSignal signal, TimeProvider time, long settledBytes, bool pushV1)
    {
        Peer = peer;
        Generation = generation;
        _status = new LinkStatus(signal);
        _time = time;
        _settledBytes = settledBytes;
        peer.Use();
        _call = channel.CreateCallInvoker().AsyncClientStreamingCall(RawMethods.BatchSender, null, default);
        _pusher = pushV1 ? new PusherStream(channel) : null;
        _ending = WaitForEndAsync();
    }

    public DopplerPeer Peer { get; }

    public int Generation { get; }

    public bool Busy => _status.Busy;

    public string? Failure => _status.Failure;

    public bool Leaving => false;

    public TimeSpan Gap => TimeSpan.FromMilliseconds(1);

    public long Answers => -1;

    public ulong ConfirmedUpTo()
    {
        if (_finished)
        {
            return _sent;
        }

        while (Failure is null
            && _young.TryPeek(out var oldest)
            && (_youngBytes - oldest.Bytes >= _settledBytes || _time.GetElapsedTime(oldest.At) >= Settled)
            && (!Busy || oldest.N != _sent))
        {
            _young.Dequeue();
            _youngBytes -= oldest.Bytes;
            _confirmed = oldest.N;
        }

        return _confirmed;
    }

    public void Send(OutgoingBatch batch)
    {
        _sent = batch.N;
        _young.Enqueue((batch.N, _time.GetTimestamp(), batch.Message.Length));
        _youngBytes += batch.Message.Length;
        _writing = WriteAsync(batch.Message.Retain());
    }

    /// <summary>Half-closes: however an orderly Doppler answers that, it has read what came before.</summary>
    public void Finish()
    {
        if (!_finishing && !Busy && Failure is null)
        {
            _finishing = true;
            _writing = CompleteAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        _pusher?.Dispose();
        await _writing;
        await _ending;
        Peer.Unuse();
    }

    private Task WriteAsync(MessageBuffer message) => _status.WriteAsync(async () =>
    {
        using (message)
        {
            if (_pusher is null)
            {
                await _call.RequestStream.WriteAsync(message);
            }
            else if (await _pusher.WriteAsync(message) is { } rest)
            {
                using (rest)
                {
                    await _call.RequestStream.WriteAsync(rest);
                }
            }
        }
    });

    private Task CompleteAsync() => _status.WriteAsync(async () =>
    {
        if (_pusher is not null)
        {
            await _pusher.CompleteAsync();
        }

        await _call.RequestStream.CompleteAsync();
    });

    private async Task WaitForEndAsync()
    {
        try
        {
            using var answer = await _call.ResponseAsync;
            End("it ended the stream", orderly: true);
        }
        catch (RpcException exception)
        {
            // The original answers a half-close with status Unknown and the text EOF.
            End(PeerFailure.Text(exception), orderly: exception.StatusCode == StatusCode.Unknown);
        }
        catch (Exception exception) when (LinkFailure.Is(exception))
        {
            End(PeerFailure.Text(exception), orderly: false);
        }
    }

    private void End(string reason, bool orderly)
    {
        _finished = orderly && _finishing;
        _status.End(_finished ? null : reason);
    }
}
