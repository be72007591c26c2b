using System.Buffers;
using Grpc.Core;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.Tests.Client.Emit;

/// <summary>Takes batches as an agent does, or fails as told, or holds its answers back.</summary>
internal sealed class FakeAgent : CallInvoker
{
    private readonly Lock _lock = new();
    private readonly List<EnvelopeBatch> _batches = [];

    /// <summary>Calls that fail before any succeeds.</summary>
    public int Failures { get; set; }

    public Status Status { get; init; } = new(StatusCode.Unavailable, "gone");

    /// <summary>No answer before it completes.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>Calls so far, failed ones too.</summary>
    public int Calls { get; private set; }

    public IReadOnlyList<EnvelopeBatch> Batches
    {
        get
        {
            lock (_lock)
            {
                return [.. _batches];
            }
        }
    }

    public IReadOnlyList<Envelope> Envelopes => [.. Batches.SelectMany(batch => batch.Batch)];

    /// <summary>What the logs say.</summary>
    public IReadOnlyList<string> Lines =>
        [.. Envelopes.Where(envelope => envelope.MessageCase == Envelope.MessageOneofCase.Log).Select(envelope => envelope.Log.Payload.ToStringUtf8())];

    /// <summary>The gap records.</summary>
    public IReadOnlyList<Envelope> Gaps => [.. Envelopes.Where(envelope => envelope.Counter?.Name == "dropped" && envelope.Tags.ContainsKey("hop"))];

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var message = new Message();
        method.RequestMarshaller.ContextualSerializer(request, message);
        return new(AnswerAsync<TResponse>(message, options.CancellationToken), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    private async Task<TResponse> AnswerAsync<TResponse>(Message message, CancellationToken cancel)
    {
        await Task.Yield();
        Calls++;
        if (Hold is { } hold)
        {
            try
            {
                await hold.Task.WaitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "the caller left"));
            }
        }

        if (Failures > 0)
        {
            Failures--;
            throw new RpcException(Status);
        }

        lock (_lock)
        {
            _batches.Add(EnvelopeBatch.Parser.ParseFrom(message.Bytes));
        }

        return (TResponse)(object)MessageBuffer.Rent(0);
    }

    private sealed class Message : SerializationContext
    {
        private readonly ArrayBufferWriter<byte> _writer = new();

        public ReadOnlySpan<byte> Bytes => _writer.WrittenSpan;

        public override void SetPayloadLength(int payloadLength)
        {
        }

        public override IBufferWriter<byte> GetBufferWriter() => _writer;

        public override void Complete()
        {
        }

        public override void Complete(byte[] payload) => _writer.Write(payload);
    }
}
