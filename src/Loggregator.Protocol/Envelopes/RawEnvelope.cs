using System.Runtime.InteropServices;

namespace Loggregator.Protocol.Envelopes;

/// <summary>One envelope as the bytes that came from the wire.</summary>
public static class RawEnvelope
{
    /// <summary>
    /// Validates the whole structure and every string of one serialised envelope, and reads its header, in one pass.
    /// For bytes from outside; never throws, never reads past the end.
    /// </summary>
    /// <returns>False when a strict protobuf reader would refuse these bytes; <paramref name="header"/> is then undefined.</returns>
    public static bool TryRead(ReadOnlySpan<byte> envelope, out EnvelopeHeader header) => TryRead<Whole>(envelope, out header);

    /// <summary>Reads the header of bytes that a tier of ours has validated: looks at the top level alone. Still never reads past the end.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> envelope, out EnvelopeHeader header) => TryRead<TopLevel>(envelope, out header);

    // The kinds of reading are structs so that each gets code of its own, without a branch for the other.
    private static bool TryRead<TReading>(ReadOnlySpan<byte> envelope, out EnvelopeHeader header)
        where TReading : struct, IReading
    {
        header = default;
        ref var origin = ref MemoryMarshal.GetReference(envelope);
        var end = envelope.Length;
        var position = 0;
        while (position < end)
        {
            // 1. A field's tag; what is no text and no message is one number.
            position = Wire.ReadTag(ref origin, position, end, out var tag);
            if (position < 0)
            {
                return false;
            }

            if ((tag & 7) != Wire.LengthDelimited)
            {
                position = ReadScalar(ref origin, position, end, tag, ref header);
                if (position < 0)
                {
                    return false;
                }

                continue;
            }

            // 2. Where its bytes end, within the envelope.
            position = Wire.ReadLength(ref origin, position, end, out var length);
            if (position < 0)
            {
                return false;
            }

            // 3. What the header says of it, and whether it is whole.
            if (tag == Fields.Tags)
            {
                header.Flags |= EnvelopeFlags.Tags;
                if (TReading.Validates && !EnvelopeStructure.IsTag(ref origin, position, length, end))
                {
                    return false;
                }
            }
            else
            {
                NoteField(tag, position, length, ref header);
                if (TReading.Validates
                    ? !IsField(ref origin, position, length, end, tag, ref header.Flags)
                    : tag == Fields.Log && !EnvelopeStructure.IsLog(ref origin, position, length, ref header.Flags))
                {
                    return false;
                }
            }

            position += length;
        }

        MarkGapRecord(envelope, ref header);
        return true;
    }

    private static int ReadScalar(ref byte origin, int position, int end, uint tag, ref EnvelopeHeader header)
    {
        if (tag != Fields.Timestamp)
        {
            return Wire.Skip(ref origin, position, end, tag, depth: 0);
        }

        position = Wire.ReadVarint(ref origin, position, end, out var timestamp);
        header.Timestamp = (long)timestamp;
        return position;
    }

    private static bool IsField(ref byte origin, int position, int length, int end, uint tag, ref EnvelopeFlags flags) => tag switch
    {
        Fields.SourceId or Fields.InstanceId => Utf8Text.IsValid(ref origin, position, length, end),
        Fields.Log => EnvelopeStructure.IsLog(ref origin, position, length, ref flags),
        Fields.DeprecatedTags => EnvelopeStructure.IsDeprecatedTag(ref origin, position, length, end),
        Fields.Counter => EnvelopeStructure.IsCounter(ref origin, position, length, end),
        Fields.Gauge => EnvelopeStructure.IsGauge(ref origin, position, length, end),
        Fields.Timer => EnvelopeStructure.IsTimer(ref origin, position, length, end),
        Fields.Event => EnvelopeStructure.IsEvent(ref origin, position, length, end),
        _ => true,
    };

    private static void NoteField(uint tag, int position, int length, ref EnvelopeHeader header)
    {
        var range = new ByteRange(position, length);
        switch (tag)
        {
            case Fields.SourceId:
                header.SourceId = range;
                break;
            case Fields.InstanceId:
                header.InstanceId = range;
                break;
            case Fields.DeprecatedTags:
                header.Flags |= EnvelopeFlags.DeprecatedTags;
                break;
            case Fields.Stamp:
                header.Stamp = range;
                header.Flags |= EnvelopeFlags.Stamped;
                break;
            case Fields.Log:
                NotePayload(EnvelopeType.Log, range, ref header);
                break;
            case Fields.Counter:
                NotePayload(EnvelopeType.Counter, range, ref header);
                break;
            case Fields.Gauge:
                NotePayload(EnvelopeType.Gauge, range, ref header);
                break;
            case Fields.Timer:
                NotePayload(EnvelopeType.Timer, range, ref header);
                break;
            case Fields.Event:
                NotePayload(EnvelopeType.Event, range, ref header);
                break;
            default:
                break;
        }
    }

    // The same member again merges into what was there, another member replaces it: so ERR survives the former alone.
    private static void NotePayload(EnvelopeType type, ByteRange range, ref EnvelopeHeader header)
    {
        if (header.Type != EnvelopeType.None)
        {
            header.Flags |= EnvelopeFlags.RepeatedPayload;
            header.Flags &= header.Type == type ? ~EnvelopeFlags.None : ~EnvelopeFlags.Error;
        }

        header.Type = type;
        header.Payload = range;
    }

    private static void MarkGapRecord(ReadOnlySpan<byte> envelope, ref EnvelopeHeader header)
    {
        const EnvelopeFlags AnyTags = EnvelopeFlags.Tags | EnvelopeFlags.DeprecatedTags;
        if (header.Type == EnvelopeType.Counter && (header.Flags & AnyTags) != 0 && GapRecord.HasItsShape(envelope, header))
        {
            header.Flags |= EnvelopeFlags.GapRecord;
        }
    }

    private interface IReading
    {
        static abstract bool Validates { get; }
    }

    private readonly struct Whole : IReading
    {
        public static bool Validates => true;
    }

    private readonly struct TopLevel : IReading
    {
        public static bool Validates => false;
    }
}
