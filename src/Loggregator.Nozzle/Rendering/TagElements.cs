using System.IO.Hashing;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// The element of an envelope's tags, written once for all envelopes with the same ones: a source's tags hardly ever change. A bounded table; what was
/// seen only once takes no memory in it. Not thread safe.
/// </summary>
internal sealed class TagElements
{
    private const int Slots = 4096, MaxBytes = 1024; // a slot's worth of tags, as they are on the wire
    private const int MaxUses = 3;
    private readonly Slot[] _slots = new Slot[Slots];

    /// <inheritdoc cref="StructuredElement.Tags"/>
    public bool Write(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if ((header.Flags & EnvelopeFlags.Tags) == 0)
        {
            return true;
        }

        Span<byte> tags = stackalloc byte[MaxBytes];
        var length = 0;
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag == Fields.Tags)
            {
                if (length + fields.FieldLength > MaxBytes)
                {
                    return StructuredElement.Tags(output, envelope, header);
                }

                fields.Field.CopyTo(tags[length..]);
                length += fields.FieldLength;
            }
        }

        tags = tags[..length];
        var hash = XxHash3.HashToUInt64(tags);
        ref var slot = ref _slots[hash % Slots];
        if (slot.Hash == hash && slot.Tags is not null && tags.SequenceEqual(slot.Tags))
        {
            slot.Uses = Math.Min(slot.Uses + 1, MaxUses);
            output.Write(slot.Element);
            return slot.Good;
        }

        var start = output.Length;
        var good = StructuredElement.Tags(output, envelope, header);
        if (slot.Hash == hash)
        {
            slot = new Slot { Hash = hash, Tags = tags.ToArray(), Element = output.Span[start..].ToArray(), Good = good };
        }
        else if (--slot.Uses < 0)
        {
            slot = new Slot { Hash = hash }; // the next with these tags fills it
        }

        return good;
    }

    private struct Slot
    {
        public ulong Hash;
        public byte[]? Tags;
        public byte[]? Element;
        public bool Good;
        public int Uses;
    }
}
