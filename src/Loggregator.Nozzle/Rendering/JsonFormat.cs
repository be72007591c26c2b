using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Json;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// <c>{"version":1,"id":"…","envelope":{…}}</c> on one line, the envelope in canonical protobuf JSON. A later version may add members beside
/// these; a change of what these mean gets another number.
/// </summary>
internal sealed class JsonFormat : IRecordFormat
{
    public string ContentType => "application/json";

    public bool IsText => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var json = new JsonText(output.Buffer);
        json.Raw("{\"version\":1,\"id\":"u8);
        json.String(id);
        json.Raw(",\"envelope\":"u8);
        json.Flush();
        EnvelopeJson.WriteEnvelope(output.Buffer, envelope, header);
        output.Buffer.Write("}"u8);
        output.EndMessage();
        return null;
    }
}
