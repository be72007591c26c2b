using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V2;

namespace Loggregator.TestKit.Originals;

/// <summary>
/// Ships as the original agent does: in each version over streams of its own, one envelope or batch to a Doppler drawn by lot, nothing numbered
/// and nothing answered. One caller at a time.
/// </summary>
public sealed class OriginalAgent : IDisposable
{
    private readonly Random _random;
    private readonly GrpcChannel[] _channels;
    private readonly AsyncClientStreamingCall<EnvelopeData, PushResponse>[] _v1;
    private readonly AsyncClientStreamingCall<EnvelopeBatch, BatchSenderResponse>[] _v2;

    /// <summary>Opens its streams.</summary>
    /// <param name="dopplers">A channel to each Doppler; it owns them.</param>
    /// <param name="seed">Of the draws.</param>
    public OriginalAgent(IEnumerable<GrpcChannel> dopplers, int seed)
    {
        _random = new Random(seed);
        _channels = [.. dopplers];
        _v1 = [.. _channels.Select(channel => new DopplerIngestor.DopplerIngestorClient(channel).Pusher())];
        _v2 = [.. _channels.Select(channel => new Ingress.IngressClient(channel).BatchSender())];
    }

    /// <summary>Ships one envelope of version 1.</summary>
    public Task PushAsync(Protocol.Dropsonde.Envelope envelope, CancellationToken cancel) =>
        _v1[_random.Next(_v1.Length)].RequestStream.WriteAsync(new EnvelopeData { Payload = envelope.ToByteString() }, cancel);

    /// <summary>Ships a batch of version 2.</summary>
    public Task SendAsync(IEnumerable<Envelope> envelopes, CancellationToken cancel) =>
        _v2[_random.Next(_v2.Length)].RequestStream.WriteAsync(new EnvelopeBatch { Batch = { envelopes } }, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_v1, call => call.Dispose());
        Array.ForEach(_v2, call => call.Dispose());
        Array.ForEach(_channels, channel => channel.Dispose());
    }
}
