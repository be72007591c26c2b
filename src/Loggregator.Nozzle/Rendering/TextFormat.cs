using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Rendering;

/// <summary><c>TIME SOURCE/INSTANCE TYPE TEXT</c> on one line, for people and grep. Control characters are escaped, so that text of a tenant can do nothing to a terminal.</summary>
internal sealed class TextFormat : IRecordFormat
{
    public string ContentType => "text/plain";

    public bool IsText => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var buffer = output.Buffer;
        RecordText.Timestamp(buffer, header.Timestamp);
        buffer.Write(" "u8);
        var start = buffer.Length;
        buffer.Write(header.SourceId.Of(envelope));
        buffer.Write("/"u8);
        buffer.Write(header.InstanceId.Of(envelope));
        buffer.Write(header.Type != EnvelopeType.Log ? " "u8 : (header.Flags & EnvelopeFlags.Error) != 0 ? " ERR"u8 : " OUT"u8);
        buffer.Write(header.Type == EnvelopeType.Log ? ""u8 : RecordText.TypeName(header.Type));
        buffer.Write(" "u8);
        LineText.Summary(buffer, envelope, header);
        ControlText.Escape(buffer, start);
        output.EndMessage();
        return null;
    }
}
