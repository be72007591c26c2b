using System.Globalization;
using System.Text;
using Loggregator.Nozzle.Delivery;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// A log that is too large for its receiver, as several: each has all fields of the envelope and a part of the payload, cut between characters
/// where it is text, with the tags <c>part</c> (from 1) and <c>parts</c>. A part's id is the record's with <c>/part</c> behind it.
/// </summary>
internal static class LogParts
{
    private const int MaxParts = 4096;

    /// <summary>Renders a record in parts, each a message of at most so many bytes, in place of what was there. False when that cannot be.</summary>
    public static bool Render(RenderedMessages output, RecordBatch batch, int record, int maxBytes)
    {
        var envelope = batch.Envelope(record, out var header);
        if (header.Type != EnvelopeType.Log || maxBytes < 1)
        {
            return false;
        }

        var payload = EnvelopeReader.LogPayload(envelope, header);
        using var scratch = MessageBuffer.Rent(envelope.Length);
        for (var parts = Math.Max(2, (output.LargestBytes / maxBytes) + 1); parts <= Math.Min(MaxParts, payload.Length); parts *= 2)
        {
            output.Clear();
            if (TryRender(output, batch, record, header, parts, scratch) && output.LargestBytes <= maxBytes)
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryRender(RenderedMessages output, RecordBatch batch, int record, in EnvelopeHeader header, int parts, MessageBuffer scratch)
    {
        var envelope = batch.Envelope(record);
        var payload = EnvelopeReader.LogPayload(envelope, header);
        Span<byte> id = stackalloc byte[RecordBatch.MaxIdLength + 12];
        var idLength = batch.WriteId(record, id);
        id[idLength++] = (byte)'/';
        var start = 0;
        for (var part = 1; part <= parts; part++)
        {
            var end = part == parts ? payload.Length : CharacterStart(payload, (int)((long)payload.Length * part / parts));
            scratch.Clear();
            Write(scratch, envelope, header, payload[start..end], part, parts);
            RawEnvelope.TryReadHeader(scratch.Span, out var partHeader);
            part.TryFormat(id[idLength..], out var digits, default, CultureInfo.InvariantCulture);
            if (output.Add(record, scratch.Span, partHeader, id[..(idLength + digits)]) is not null)
            {
                return false;
            }

            start = end;
        }

        return true;
    }

    // Every field but the log as it is; the tags that are added win over the producer's, as they come last.
    private static void Write(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> payload, int part, int parts)
    {
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag is not (Fields.Log or Fields.Counter or Fields.Gauge or Fields.Timer or Fields.Event))
            {
                output.Write(fields.Field);
            }
        }

        EnvelopeWriter.Tag(output, "part"u8, Encoding.ASCII.GetBytes(part.ToString(CultureInfo.InvariantCulture)));
        EnvelopeWriter.Tag(output, "parts"u8, Encoding.ASCII.GetBytes(parts.ToString(CultureInfo.InvariantCulture)));
        var type = (ulong)EnvelopeReader.LogType(envelope, header);
        var content = WireWriter.TextLength(Fields.LogPayload, payload) + WireWriter.NumberLength(Fields.LogType, type);
        var wire = new WireWriter(output.GetSpan(WireWriter.FieldLength(Fields.Log, content)));
        wire.Header(Fields.Log, content);
        wire.Text(Fields.LogPayload, payload);
        wire.Number(Fields.LogType, type);
        wire.CommitTo(output);
    }

    // The start of the character that this byte belongs to, if it is one of UTF-8.
    private static int CharacterStart(ReadOnlySpan<byte> text, int at)
    {
        for (var back = 0; back < 4 && at - back >= 0; back++)
        {
            if ((text[at - back] & 0xC0) != 0x80)
            {
                return at - back;
            }
        }

        return at;
    }
}
