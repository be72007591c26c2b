using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Rendering;

/// <summary>The envelope's own bytes: <c>loggregator.v2.Envelope</c>; side by side, as records of a <c>loggregator.v2.EnvelopeBatch</c>.</summary>
/// <param name="asRecords">Whether several are written side by side, so that each needs its header.</param>
internal sealed class ProtobufFormat(bool asRecords) : IRecordFormat
{
    public string ContentType => "application/x-protobuf";

    public bool IsText => false;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        if (asRecords)
        {
            Records.Append(output.Buffer, envelope);
        }
        else
        {
            output.Buffer.Write(envelope);
        }

        output.EndMessage();
        return null;
    }
}
