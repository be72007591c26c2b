using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.V2;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>A consumer of the reverse log proxy with generated messages, by either call.</summary>
internal sealed class EgressReader : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly AsyncServerStreamingCall<EnvelopeBatch>? _batches;
    private readonly AsyncServerStreamingCall<Envelope>? _single;
    private readonly Queue<Envelope> _pending = new();

    public EgressReader(TrafficControllerHost host, EgressBatchRequest request, bool batched = true)
    {
        var client = new Egress.EgressClient(host.Channel);
        if (batched)
        {
            _batches = client.BatchedReceiver(request, cancellationToken: _stop.Token);
        }
        else
        {
            _single = client.Receiver(EgressRequest.Parser.ParseFrom(request.ToByteArray()), cancellationToken: _stop.Token);
        }
    }

    public async Task<bool> MoveNextAsync()
    {
        var next = _batches is not null ? _batches.ResponseStream.MoveNext(default) : _single!.ResponseStream.MoveNext(default);
        if (!await Eventually.WithinAsync(next, "another message"))
        {
            return false;
        }

        if (_single is not null)
        {
            _pending.Enqueue(_single.ResponseStream.Current);
            return true;
        }

        foreach (var envelope in _batches!.ResponseStream.Current.Batch)
        {
            _pending.Enqueue(envelope);
        }

        return true;
    }

    public async Task<List<Envelope>> ReadAsync(int count)
    {
        List<Envelope> envelopes = [];
        while (envelopes.Count < count)
        {
            if (_pending.TryDequeue(out var envelope))
            {
                envelopes.Add(envelope);
            }
            else if (!await MoveNextAsync())
            {
                throw new EndOfStreamException($"The stream ended after {envelopes.Count} of {count} envelopes.");
            }
        }

        return envelopes;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _batches?.Dispose();
        _single?.Dispose();
        _stop.Dispose();
    }
}
