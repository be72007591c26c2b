using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Rendering;

/// <summary>The envelope's own bytes: <c>loggregator.v2.Envelope</c>.</summary>
internal sealed class ProtobufFormat : IRecordFormat
{
    public string ContentType => "application/x-protobuf";

    public bool MayHoldLines => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        output.Buffer.Write(envelope);
        output.EndMessage();
        return null;
    }
}
