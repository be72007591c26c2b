using System.Buffers;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// A loss, told in band: an ordinary counter named <c>dropped</c> in the name of the stream that lost, with the tags <c>hop</c> and
/// <c>reason</c>, and <c>bound=upper</c> where the count is an upper bound.
/// </summary>
public static class GapRecord
{
    private static ReadOnlySpan<byte> Name => "dropped"u8;

    private static ReadOnlySpan<byte> HopKey => "hop"u8;

    private static ReadOnlySpan<byte> ReasonKey => "reason"u8;

    private static ReadOnlySpan<byte> BoundKey => "bound"u8;

    private static ReadOnlySpan<byte> Upper => "upper"u8;

    /// <summary>Writes a gap record as one bare envelope.</summary>
    public static void Write(
        IBufferWriter<byte> writer,
        ReadOnlySpan<byte> sourceId,
        ReadOnlySpan<byte> instanceId,
        ulong count,
        ReadOnlySpan<byte> hop,
        ReadOnlySpan<byte> reason,
        long timestamp,
        bool upperBound = false)
    {
        EnvelopeWriter.Tag(writer, HopKey, hop);
        EnvelopeWriter.Tag(writer, ReasonKey, reason);
        if (upperBound)
        {
            EnvelopeWriter.Tag(writer, BoundKey, Upper);
        }

        EnvelopeWriter.Counter(writer, timestamp, sourceId, instanceId, Name, count);
    }

    /// <summary>
    /// Copies an envelope and renames its tags <c>hop</c> and <c>reason</c>, deprecated ones included, to <c>producer_hop</c> and
    /// <c>producer_reason</c>: for what comes from outside and has the flag <see cref="EnvelopeFlags.GapRecord"/>.
    /// </summary>
    public static void RenameProducerTags(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var copied = 0;
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag is not (Fields.Tags or Fields.DeprecatedTags))
            {
                continue;
            }

            var entry = new TagReader(fields.Field, fields.Tag);
            entry.MoveNext();
            var renamed = entry.Key.SequenceEqual(HopKey) ? "producer_hop"u8 : entry.Key.SequenceEqual(ReasonKey) ? "producer_reason"u8 : default;
            if (!renamed.IsEmpty)
            {
                writer.Write(envelope[copied..fields.FieldOffset]);
                EnvelopeWriter.MapEntry(writer, fields.Tag, renamed, entry.Value);
                copied = fields.FieldOffset + fields.FieldLength;
            }
        }

        writer.Write(envelope[copied..]);
    }

    /// <summary>
    /// Writes a loss as a log of type ERR and source type <c>LGR</c>, for streams that asked for logs: one bare envelope. A first timestamp of 0
    /// is not known.
    /// </summary>
    public static void WriteLogLine(IBufferWriter<byte> writer, in GapFields gap, long firstTimestamp = 0)
    {
        Span<byte> line = stackalloc byte[GapText.MaxLength];
        var length = GapText.Write(line, gap, firstTimestamp);
        EnvelopeWriter.Tag(writer, "source_type"u8, "LGR"u8);
        EnvelopeWriter.Log(writer, gap.Timestamp, gap.SourceId, gap.InstanceId, line[..length], isError: true);
    }

    /// <summary>Reads a gap record whose header has the flag <see cref="EnvelopeFlags.GapRecord"/>; the fields point into the envelope.</summary>
    public static bool TryRead(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header, out GapFields gap)
    {
        if ((header.Flags & EnvelopeFlags.GapRecord) == 0)
        {
            gap = default;
            return false;
        }

        ReadOnlySpan<byte> hop = default, reason = default, bound = default;
        var tags = new TagReader(envelope);
        while (tags.MoveNext())
        {
            if (tags.Key.SequenceEqual(HopKey))
            {
                hop = tags.Value;
            }
            else if (tags.Key.SequenceEqual(ReasonKey))
            {
                reason = tags.Value;
            }
            else if (tags.Key.SequenceEqual(BoundKey))
            {
                bound = tags.Value;
            }
        }

        gap = new GapFields
        {
            SourceId = header.SourceId.Of(envelope),
            InstanceId = header.InstanceId.Of(envelope),
            Count = EnvelopeReader.Counter(envelope, header).Delta,
            Hop = hop,
            Reason = reason,
            Timestamp = header.Timestamp,
            UpperBound = bound.SequenceEqual(Upper),
        };
        return true;
    }

    /// <summary>Whether a counter with tags looks like a gap record.</summary>
    internal static bool HasItsShape(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        if (!EnvelopeReader.Counter(envelope, header).Name.SequenceEqual(Name))
        {
            return false;
        }

        bool hop = false, reason = false;
        NoteKeys(new TagReader(envelope), ref hop, ref reason);
        NoteKeys(new TagReader(envelope, Fields.DeprecatedTags), ref hop, ref reason);
        return hop && reason;
    }

    private static void NoteKeys(TagReader tags, ref bool hop, ref bool reason)
    {
        while (tags.MoveNext())
        {
            hop |= tags.Key.SequenceEqual(HopKey);
            reason |= tags.Key.SequenceEqual(ReasonKey);
        }
    }
}
