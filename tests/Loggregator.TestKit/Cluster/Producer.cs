using Grpc.Net.Client;
using Loggregator.Protocol.V2;

namespace Loggregator.TestKit.Cluster;

/// <summary>Sends numbered lines as any gRPC v2 client does. One caller per source at a time.</summary>
public sealed class Producer(GrpcChannel channel) : IAsyncDisposable
{
    private readonly Ingress.IngressClient _client = new(channel);

    /// <summary>The generated client, for calls of other shapes.</summary>
    public Ingress.IngressClient Client => _client;

    /// <summary>Sends envelopes by unary calls: when it returns, all are accepted.</summary>
    public async Task SendAsync(IEnumerable<Envelope> envelopes, CancellationToken cancel, int perBatch = 100)
    {
        foreach (var chunk in envelopes.Chunk(perBatch))
        {
            await _client.SendAsync(new EnvelopeBatch { Batch = { chunk } }, cancellationToken: cancel);
        }
    }

    /// <summary>Sends lines <paramref name="from"/> … of one source instance by unary calls.</summary>
    public Task SendAsync(string source, long from, int count, CancellationToken cancel, string instance = "0", int bytes = 0, int perBatch = 100) =>
        SendAsync(Numbered.Lines(source, from, count, instance, bytes), cancel, perBatch);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
