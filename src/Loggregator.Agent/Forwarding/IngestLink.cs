using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Agent.Forwarding;

/// <summary>A lane's <c>Ingest</c> stream to one of our Dopplers: batches go out, answers come back at least every 500 ms.</summary>
internal sealed class IngestLink : ILaneLink
{
    private static readonly TimeSpan UsualGap = TimeSpan.FromMilliseconds(1);
    private readonly AsyncDuplexStreamingCall<MessageBuffer, MessageBuffer> _call;
    private readonly AsyncSignal _signal;
    private readonly LinkStatus _status;
    private readonly Action<IngestAnswer> _answered;
    private readonly Task _reading;
    private Task _writing;
    private volatile bool _leaving;
    private ulong _appended;
    private long _answers;
    private long _gapMicros = -1;

    /// <summary>Opens the stream and greets.</summary>
    /// <param name="peer">The Doppler.</param>
    /// <param name="generation">Of the peer.</param>
    /// <param name="channel">To the Doppler.</param>
    /// <param name="hello">The greeting.</param>
    /// <param name="signal">Of the lane.</param>
    /// <param name="answered">Is shown every answer, on any thread.</param>
    public IngestLink(DopplerPeer peer, int generation, GrpcChannel channel, IngestHello hello, AsyncSignal signal, Action<IngestAnswer> answered)
    {
        Peer = peer;
        Generation = generation;
        _signal = signal;
        _status = new LinkStatus(signal);
        _answered = answered;
        peer.Use();
        _call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(RawMethods.Ingest, null, default);
        var greeting = MessageBuffer.Rent(256);
        new IngestBatch { Hello = hello }.WriteTo(greeting);
        _writing = WriteAsync(greeting);
        _reading = ReadAsync();
    }

    public DopplerPeer Peer { get; }

    public int Generation { get; }

    public bool Busy => _status.Busy;

    public string? Failure => _status.Failure;

    public bool Leaving => _leaving;

    public TimeSpan Gap => Interlocked.Read(ref _gapMicros) is var micros and >= 0 ? TimeSpan.FromMicroseconds(micros) : UsualGap;

    public long Answers => Interlocked.Read(ref _answers);

    public ulong ConfirmedUpTo() => Volatile.Read(ref _appended);

    public void Send(OutgoingBatch batch) => _writing = WriteAsync(batch.Message.Retain());

    public void Finish()
    {
        // Answers come by themselves.
    }

    public async ValueTask DisposeAsync()
    {
        if (Failure is null && !Busy)
        {
            try
            {
                await _call.RequestStream.CompleteAsync();
            }
            catch (Exception exception) when (LinkFailure.Is(exception))
            {
                // It broke at its end; nothing was under way.
            }
        }

        _call.Dispose();
        await _writing; // a disposed call ends both; until then the write may still read the message
        await _reading;
        Peer.Unuse();
    }

    private Task WriteAsync(MessageBuffer message) => _status.WriteAsync(async () =>
    {
        using (message)
        {
            await _call.RequestStream.WriteAsync(message);
        }
    });

    private async Task ReadAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                using var message = _call.ResponseStream.Current;
                var answer = IngestAnswer.Parser.ParseFrom(message.Span);
                _answered(answer);
                if (answer.Appended > Volatile.Read(ref _appended))
                {
                    Volatile.Write(ref _appended, answer.Appended);
                }

                Interlocked.Exchange(ref _gapMicros, answer.GapMicros == 0 ? -1 : answer.GapMicros);
                _leaving |= answer.Leaving;
                Interlocked.Increment(ref _answers);
                _signal.Set();
            }

            _status.End("it ended the stream");
        }
        catch (Exception exception) when (LinkFailure.Is(exception))
        {
            _status.End(PeerFailure.Text(exception));
        }
    }
}
