using System.Runtime.CompilerServices;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>
/// The tags of a v2 envelope as v1 needs them: known ones looked up, where <c>tags</c> win over <c>deprecated_tags</c>, and the others written
/// in one map, where deprecated ones win. Nothing is copied, and equal keys are not sorted out: of these the last counts at every reader.
/// </summary>
[SkipLocalsInit] // rooms for numbers as text, of which few are ever used
internal ref struct V2Tags
{
    private readonly ReadOnlySpan<byte> _envelope;
    private readonly EnvelopeFlags _flags;
    private Slots _slots;

    public V2Tags(ReadOnlySpan<byte> envelope, EnvelopeFlags flags)
    {
        _envelope = envelope;
        _flags = flags;
        Note(Fields.DeprecatedTags, (flags & EnvelopeFlags.DeprecatedTags) != 0);
        Note(Fields.Tags, (flags & EnvelopeFlags.Tags) != 0);
    }

    /// <summary>The value of a known tag as it is or written into <paramref name="scratch"/>; empty where there is none.</summary>
    public readonly ReadOnlySpan<byte> Text(KnownTag tag, Span<byte> scratch)
    {
        ref readonly var slot = ref _slots[(int)tag];
        var value = slot.Value.Of(_envelope);
        return slot.IsDeprecated ? new TagValue(value).ToFixedText(scratch) : value;
    }

    /// <summary>Bytes that <see cref="Write"/> writes.</summary>
    public readonly int Length(uint without)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        var length = 0;
        var tags = new TagReader(_envelope);
        while (tags.MoveNext())
        {
            length += KnownTags.Has(without, KnownTags.Find(tags.Key)) ? 0 : EntryLength(tags.Key, tags.Value);
        }

        if ((_flags & EnvelopeFlags.DeprecatedTags) == 0)
        {
            return length;
        }

        var deprecated = new TagReader(_envelope, Fields.DeprecatedTags);
        while (deprecated.MoveNext())
        {
            var value = new TagValue(deprecated.Value);
            length += value.Member == 0 || KnownTags.Has(without, KnownTags.Find(deprecated.Key))
                ? 0
                : EntryLength(deprecated.Key, value.ToFixedText(scratch));
        }

        return length;
    }

    /// <summary>Writes all tags but those of a set as entries of a v1 envelope.</summary>
    public readonly void Write(ref WireWriter wire, uint without)
    {
        var tags = new TagReader(_envelope);
        while (tags.MoveNext())
        {
            if (!KnownTags.Has(without, KnownTags.Find(tags.Key)))
            {
                WriteEntry(ref wire, tags.Key, tags.Value);
            }
        }

        if ((_flags & EnvelopeFlags.DeprecatedTags) == 0)
        {
            return;
        }

        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        var deprecated = new TagReader(_envelope, Fields.DeprecatedTags);
        while (deprecated.MoveNext())
        {
            var value = new TagValue(deprecated.Value);
            if (value.Member != 0 && !KnownTags.Has(without, KnownTags.Find(deprecated.Key)))
            {
                WriteEntry(ref wire, deprecated.Key, value.ToFixedText(scratch));
            }
        }
    }

    /// <summary>Bytes of one entry.</summary>
    public static int EntryLength(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        WireWriter.FieldLength(DropsondeFields.Tags, WireWriter.FieldLength(Fields.Key, key.Length) + WireWriter.FieldLength(Fields.Value, value.Length));

    /// <summary>Writes one entry.</summary>
    public static void WriteEntry(ref WireWriter wire, ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> value)
    {
        wire.Header(DropsondeFields.Tags, WireWriter.FieldLength(Fields.Key, key.Length) + WireWriter.FieldLength(Fields.Value, value.Length));
        wire.Bytes(Fields.Key, key);
        wire.Bytes(Fields.Value, value);
    }

    private void Note(uint map, bool any)
    {
        if (!any)
        {
            return;
        }

        var fields = new FieldReader(_envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag != map)
            {
                continue;
            }

            ByteRange key = default, value = default;
            var entry = new FieldReader(fields.Bytes);
            while (entry.MoveNext())
            {
                var range = new ByteRange(fields.Range.Offset + entry.Range.Offset, entry.Range.Length);
                key = entry.Tag == Fields.Key ? range : key;
                value = entry.Tag == Fields.Value ? range : value;
            }

            var tag = KnownTags.Find(key.Of(_envelope));
            _slots[(int)tag] = tag == KnownTag.Other ? default : new Slot(value, map == Fields.DeprecatedTags);
        }
    }

    private readonly record struct Slot(ByteRange Value, bool IsDeprecated);

    [InlineArray(KnownTags.Count)]
    private struct Slots
    {
        private Slot _first;
    }
}
