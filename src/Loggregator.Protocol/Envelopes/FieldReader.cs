using System.Runtime.InteropServices;

namespace Loggregator.Protocol.Envelopes;

/// <summary>Walks the fields of one message in wire order. For whatever looks at single fields, off the hottest path.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _end;

    /// <summary>The current field's number and wire type.</summary>
    public uint Tag { get; private set; }

    /// <summary>The value of a varint or fixed-length field.</summary>
    public ulong Number { get; private set; }

    /// <summary>Where the current field begins, its tag included.</summary>
    public int FieldOffset { get; private set; }

    /// <summary>Bytes of the current field, its tag included.</summary>
    public readonly int FieldLength => _end - FieldOffset;

    /// <summary>The content of a length-delimited field.</summary>
    public ByteRange Range { get; private set; }

    /// <summary>The walk ended early because the bytes are no protobuf message.</summary>
    public bool Malformed { get; private set; }

    /// <summary>The content of a length-delimited field.</summary>
    public readonly ReadOnlySpan<byte> Bytes => Range.Of(_message);

    /// <summary>The current field as it is on the wire, its tag included.</summary>
    public readonly ReadOnlySpan<byte> Field => _message[FieldOffset.._end];

    /// <summary>Steps to the next field; false at the end, and where the bytes are malformed.</summary>
    public bool MoveNext()
    {
        if (_end >= _message.Length)
        {
            return false;
        }

        FieldOffset = _end;
        ref var origin = ref MemoryMarshal.GetReference(_message);
        var position = Wire.ReadTag(ref origin, _end, _message.Length, out var tag);
        if (position >= 0)
        {
            Tag = tag;
            position = ReadValue(ref origin, position, tag);
        }

        Malformed = position < 0;
        _end = Malformed ? _message.Length : position;
        return !Malformed;
    }

    private int ReadValue(ref byte origin, int position, uint tag)
    {
        switch (tag & 7)
        {
            case Wire.Varint:
                position = Wire.ReadVarint(ref origin, position, _message.Length, out var number);
                Number = number;
                return position;
            case Wire.Fixed64:
                position = Wire.ReadFixed64(ref origin, position, _message.Length, out number);
                Number = number;
                return position;
            case Wire.Fixed32:
                position = Wire.ReadFixed32(ref origin, position, _message.Length, out number);
                Number = number;
                return position;
            case Wire.LengthDelimited:
                position = Wire.ReadLength(ref origin, position, _message.Length, out var length);
                Range = new ByteRange(position, length);
                return position < 0 ? Wire.Bad : position + length;
            default:
                return Wire.Skip(ref origin, position, _message.Length, tag, depth: 0);
        }
    }
}
