using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Loggregator.Protocol.Envelopes;

/// <summary>Writes fields into a span that the caller made large enough; see <see cref="VarintLength"/> for the sizes.</summary>
internal ref struct WireWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>How many bytes a varint takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int VarintLength(ulong value) => value < 0x80 ? 1 : ((63 - BitOperations.LeadingZeroCount(value)) / 7) + 1;

    /// <summary>How many bytes a length-delimited field with this tag and content length takes.</summary>
    public static int FieldLength(uint tag, int contentLength) => VarintLength(tag) + VarintLength((uint)contentLength) + contentLength;

    /// <summary>How many bytes <see cref="Text"/> takes: none for an empty text, which proto3 leaves out.</summary>
    public static int TextLength(uint tag, ReadOnlySpan<byte> text) => text.IsEmpty ? 0 : FieldLength(tag, text.Length);

    /// <summary>How many bytes <see cref="Number"/> takes: none for 0, which proto3 leaves out.</summary>
    public static int NumberLength(uint tag, ulong value) => value == 0 ? 0 : VarintLength(tag) + VarintLength(value);

    /// <summary>Writes a bare varint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _target[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _target[Length++] = (byte)value;
    }

    /// <summary>Writes the tag and length of a length-delimited field whose content the caller writes next.</summary>
    public void Header(uint tag, int contentLength)
    {
        Varint(tag);
        Varint((uint)contentLength);
    }

    /// <summary>Writes bytes as they are.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_target[Length..]);
        Length += bytes.Length;
    }

    /// <summary>Writes a text's UTF-8 bytes.</summary>
    public void Utf16(string text) => Length += Encoding.UTF8.GetBytes(text, _target[Length..]);

    /// <summary>Writes a length-delimited field, an empty one too.</summary>
    public void Bytes(uint tag, scoped ReadOnlySpan<byte> content)
    {
        Header(tag, content.Length);
        Raw(content);
    }

    /// <summary>Writes a string field unless it is empty.</summary>
    public void Text(uint tag, scoped ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
        {
            Bytes(tag, text);
        }
    }

    /// <summary>Writes a varint field unless it is 0.</summary>
    public void Number(uint tag, ulong value)
    {
        if (value != 0)
        {
            Varint(tag);
            Varint(value);
        }
    }

    /// <summary>Writes a double.</summary>
    public void Double(uint tag, double value)
    {
        Varint(tag);
        BinaryPrimitives.WriteDoubleLittleEndian(_target[Length..], value);
        Length += 8;
    }

    /// <summary>Writes eight little-endian bytes, without a tag.</summary>
    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_target[Length..], value);
        Length += 8;
    }

    /// <summary>Writes four little-endian bytes.</summary>
    public void Fixed32(uint tag, uint value)
    {
        Varint(tag);
        BinaryPrimitives.WriteUInt32LittleEndian(_target[Length..], value);
        Length += 4;
    }

    /// <summary>Tells the buffer behind the span what was written.</summary>
    public readonly void CommitTo(IBufferWriter<byte> writer) => writer.Advance(Length);
}
