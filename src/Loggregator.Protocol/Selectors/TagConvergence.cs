using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// Makes one of an envelope's two maps of tags of both, as the reader of a stream chose it. Everything else keeps its bytes, unknown fields
/// and the stamp too. Ask <see cref="IsNeeded"/> first: mostly the bytes may go on as they are.
/// </summary>
public static class TagConvergence
{
    /// <summary>Whether the envelope has tags of the kind that the reader does not want.</summary>
    public static bool IsNeeded(EnvelopeFlags flags, bool preferred) =>
        (flags & (preferred ? EnvelopeFlags.DeprecatedTags : EnvelopeFlags.Tags)) != 0;

    /// <summary>Writes the envelope with one kind of tags alone: <c>tags</c> if preferred, <c>deprecated_tags</c> otherwise.</summary>
    public static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, bool preferred)
    {
        ArgumentNullException.ThrowIfNull(writer);
        CopyWithout(writer, envelope, preferred ? Fields.DeprecatedTags : Fields.Tags);
        if (preferred)
        {
            AppendAsTags(writer, envelope, plainDecimals: false, keepUnset: false);
        }
        else
        {
            AppendAsDeprecated(writer, envelope);
        }
    }

    /// <summary>
    /// Writes what an agent appends to an envelope with deprecated tags, which it leaves in place: the same as tags, which then override.
    /// </summary>
    public static void AppendDeprecatedAsTags(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope)
    {
        ArgumentNullException.ThrowIfNull(writer);
        AppendAsTags(writer, envelope, plainDecimals: true, keepUnset: true);
    }

    private static void CopyWithout(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, uint tag)
    {
        var copied = 0;
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag == tag)
            {
                writer.Write(envelope[copied..fields.FieldOffset]);
                copied = fields.FieldOffset + fields.FieldLength;
            }
        }

        writer.Write(envelope[copied..]);
    }

    private static void AppendAsTags(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, bool plainDecimals, bool keepUnset)
    {
        Span<byte> text = stackalloc byte[FloatText.MaxLength];
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var entries = new MapEntries(envelope, scratch);
        try
        {
            entries.Collect(Fields.DeprecatedTags);
            entries.SortDistinct();
            foreach (var entry in entries.Entries)
            {
                var value = new TagValue(entry.Value.Of(envelope));
                if (value.Member != 0 || keepUnset)
                {
                    EnvelopeWriter.Tag(writer, entry.Key.Of(envelope), value.ToText(text, plainDecimals));
                }
            }
        }
        finally
        {
            entries.Dispose();
        }
    }

    // In wire order, equal keys too: behind the deprecated tags that are there, so that the last still wins.
    private static void AppendAsDeprecated(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope)
    {
        var tags = new TagReader(envelope);
        while (tags.MoveNext())
        {
            var value = WireWriter.FieldLength(Fields.ValueText, tags.Value.Length);
            var entry = WireWriter.FieldLength(Fields.Key, tags.Key.Length) + WireWriter.FieldLength(Fields.Value, value);
            var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(Fields.DeprecatedTags, entry)));
            wire.Header(Fields.DeprecatedTags, entry);
            wire.Bytes(Fields.Key, tags.Key);
            wire.Header(Fields.Value, value);
            wire.Bytes(Fields.ValueText, tags.Value);
            wire.CommitTo(writer);
        }
    }
}
