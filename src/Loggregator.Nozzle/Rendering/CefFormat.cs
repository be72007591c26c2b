using System.Buffers;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// Common Event Format, version 0, on one line: signature the type, severity 7 for ERR and 3 for the rest; <c>rt</c> the time in milliseconds,
/// <c>externalId</c> the record's id, <c>sourceServiceName</c> the source id, <c>deviceExternalId</c> the instance id, <c>msg</c> the text and
/// <c>cs1</c> the tags as <c>key=value</c> with semicolons between.
/// </summary>
internal sealed class CefFormat : IRecordFormat
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create("\\=\r\n"u8);

    public string ContentType => "text/plain";

    public bool IsText => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var buffer = output.Buffer;
        var type = RecordText.TypeName(header.Type);
        buffer.Write("CEF:0|Loggregator|Loggregator|1|"u8);
        buffer.Write(type);
        buffer.Write("|"u8);
        buffer.Write(type);
        buffer.Write((header.Flags & EnvelopeFlags.Error) != 0 ? "|7|rt="u8 : "|3|rt="u8);
        RecordText.Number(buffer, header.Timestamp / 1_000_000);
        Extension(buffer, " externalId="u8, id);
        Extension(buffer, " sourceServiceName="u8, header.SourceId.Of(envelope));
        Extension(buffer, " deviceExternalId="u8, header.InstanceId.Of(envelope));
        if ((header.Flags & EnvelopeFlags.Tags) != 0)
        {
            buffer.Write(" cs1Label=tags cs1="u8);
            Tags(buffer, envelope);
        }

        buffer.Write(" msg="u8);
        var start = buffer.Length;
        LineText.Summary(buffer, envelope, header);
        RecordText.RewriteFrom(buffer, start, Escaped, Escape);
        output.EndMessage();
        return null;
    }

    private static void Tags(MessageBuffer output, ReadOnlySpan<byte> envelope)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var tags = new MapEntries(envelope, scratch);
        try
        {
            tags.Collect(Fields.Tags);
            tags.SortDistinct();
            var separator = ""u8;
            foreach (var tag in tags.Entries)
            {
                Extension(output, separator, tag.Key.Of(envelope));
                Extension(output, "\\="u8, tag.Value.Of(envelope));
                separator = ";"u8;
            }
        }
        finally
        {
            tags.Dispose();
        }
    }

    private static void Extension(MessageBuffer output, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        output.Write(key);
        Escape(output, value);
    }

    private static void Escape(MessageBuffer output, ReadOnlySpan<byte> value)
    {
        while (value.IndexOfAny(Escaped) is >= 0 and var at)
        {
            output.Write(value[..at]);
            output.Write(value[at] switch { (byte)'\n' => "\\n"u8, (byte)'\r' => "\\r"u8, (byte)'=' => "\\="u8, _ => "\\\\"u8 });
            value = value[(at + 1)..];
        }

        output.Write(value);
    }
}
