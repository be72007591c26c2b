using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// RFC 5424 for any receiver: one message per envelope on one line, APP-NAME the source id, PROCID the instance id, MSGID the type, and structured
/// data with the record's id and the tags. Never refuses: what a field cannot hold becomes an underscore.
/// </summary>
/// <param name="metadata">Whether tags are written.</param>
/// <param name="hostname">HOSTNAME; empty for none.</param>
internal sealed class PlainSyslogFormat(bool metadata = true, string hostname = "") : IRecordFormat
{
    private readonly byte[] _hostname = Encoding.UTF8.GetBytes(hostname);
    private readonly TagElements _tags = new();

    public string ContentType => "text/plain";

    public bool IsText => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var buffer = output.Buffer;
        buffer.Write((header.Flags & EnvelopeFlags.Error) != 0 ? "<11>1 "u8 : "<14>1 "u8);
        RecordText.SyslogTimestamp(buffer, header.Timestamp, "Z"u8);
        buffer.Write(" "u8);
        Field(buffer, _hostname, 255);
        buffer.Write(" "u8);
        Field(buffer, header.SourceId.Of(envelope), 48);
        buffer.Write(" "u8);
        Field(buffer, header.InstanceId.Of(envelope), 128);
        buffer.Write(" "u8);
        buffer.Write(RecordText.TypeName(header.Type));
        buffer.Write(" "u8);
        StructuredElement.Begin(buffer, "record@47450"u8);
        StructuredElement.Parameter(buffer, "id"u8, id);
        StructuredElement.End(buffer);
        var tags = buffer.Length;
        if (metadata && !_tags.Write(buffer, envelope, header))
        {
            buffer.Truncate(tags);
        }

        OneLine(buffer.Writable[tags..]);
        buffer.Write(" "u8);
        var text = buffer.Length;
        LineText.Summary(buffer, envelope, header);
        OneLine(buffer.Writable[text..]);
        output.EndMessage();
        return null;
    }

    private static void Field(MessageBuffer output, ReadOnlySpan<byte> text, int max)
    {
        var start = output.Length;
        SyslogName.Field(output, text, max);
        var field = output.Writable[start..];
        while (field.IndexOfAnyExceptInRange((byte)33, (byte)126) is >= 0 and var at)
        {
            field[at] = (byte)'_';
            field = field[(at + 1)..];
        }
    }

    // Receivers that count no octets end a message at any of these.
    private static void OneLine(Span<byte> text)
    {
        while (text.IndexOfAny((byte)'\n', (byte)'\r', (byte)0) is >= 0 and var at)
        {
            text[at] = (byte)' ';
            text = text[(at + 1)..];
        }
    }
}
