using System.Buffers.Binary;

namespace Loggregator.Pipeline.Series;

/// <summary>Writes bits, the highest first, into a span that the caller made large enough.</summary>
internal ref struct BitWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;
    private ulong _pending; // its lowest _bits bits
    private int _bits;
    private int _length;

    /// <summary>Bytes that are used, the last one filled up with zeros.</summary>
    public readonly int Length => _length + ((_bits + 7) / 8);

    /// <summary>The lowest <paramref name="count"/> bits of <paramref name="value"/>; 0 to 64.</summary>
    public void Write(ulong value, int count)
    {
        if (count > 32)
        {
            WriteShort(value >> 32, count - 32);
            WriteShort(value & uint.MaxValue, 32);
        }
        else
        {
            WriteShort(value, count);
        }
    }

    /// <summary>A number of 0 to 64 bits with its own length: seven bits, then the number.</summary>
    public void WriteSized(ulong value)
    {
        var length = 64 - System.Numerics.BitOperations.LeadingZeroCount(value);
        WriteShort((ulong)length, 7);
        Write(value, length);
    }

    /// <summary>Writes what is left.</summary>
    public void Flush()
    {
        while (_bits > 0)
        {
            _target[_length++] = (byte)(_bits >= 8 ? _pending >> (_bits - 8) : _pending << (8 - _bits));
            _bits = Math.Max(_bits - 8, 0);
        }
    }

    private void WriteShort(ulong value, int count)
    {
        _pending = (_pending << count) | (value & ((1UL << count) - 1));
        _bits += count;
        if (_bits >= 32)
        {
            _bits -= 32;
            BinaryPrimitives.WriteUInt32BigEndian(_target[_length..], (uint)(_pending >> _bits));
            _length += 4;
        }
    }
}
