using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Plumbing;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>An open <c>plumbing.DopplerIngestor/Pusher</c> call, as an original agent makes it.</summary>
internal sealed class V1Pusher(DopplerHost doppler) : IDisposable
{
    private readonly AsyncClientStreamingCall<EnvelopeData, PushResponse> _call =
        new DopplerIngestor.DopplerIngestorClient(doppler.Channel()).Pusher(cancellationToken: DopplerHost.Patience);

    public Task PushAsync(Envelope envelope) => PushAsync(envelope.ToByteArray());

    public Task PushAsync(byte[] payload) =>
        _call.RequestStream.WriteAsync(new EnvelopeData { Payload = ByteString.CopyFrom(payload) }, DopplerHost.Patience);

    /// <summary>Half-closes and waits for the answer.</summary>
    public async Task<PushResponse> EndAsync()
    {
        await _call.RequestStream.CompleteAsync();
        return await _call;
    }

    public void Dispose() => _call.Dispose();
}
