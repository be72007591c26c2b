using System.Collections.Concurrent;
using Grpc.Core;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>One BatchedReceiver call at the fake Doppler.</summary>
internal sealed class FakeReceiver(EnvelopeSelector[] selectors) : IDisposable
{
    private readonly ConcurrentQueue<byte[]> _pending = new();
    private readonly SemaphoreSlim _ready = new(0);

    public void Send(byte[][] envelopes)
    {
        foreach (var envelope in envelopes)
        {
            _pending.Enqueue(envelope);
        }

        _ready.Release();
    }

    public void Dispose() => _ready.Dispose();

    public async Task RunAsync(IServerStreamWriter<MessageBuffer> batches, CancellationToken cancel)
    {
        while (true)
        {
            await _ready.WaitAsync(cancel);
            using var batch = MessageBuffer.Rent(4096);
            while (batch.Length < 100_000 && _pending.TryDequeue(out var envelope))
            {
                // Invalid envelopes pass, to see what the reader makes of them.
                if (!RawEnvelope.TryRead(envelope, out var header) || selectors.Any(selector => selector.Matches(header, envelope)))
                {
                    Records.Append(batch, envelope);
                }
            }

            if (batch.Length > 0)
            {
                await batches.WriteAsync(batch, cancel);
            }

            if (!_pending.IsEmpty)
            {
                _ready.Release();
            }
        }
    }
}
