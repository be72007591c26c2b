namespace Loggregator.Pipeline.Series;

/// <summary>Reads bits, the highest first. Behind the end there are zeros, and <see cref="Overrun"/> says so.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private ulong _pending; // its lowest _bits bits
    private int _bits;
    private int _next;

    /// <summary>More was read than there is.</summary>
    public bool Overrun { get; private set; }

    /// <summary>The next <paramref name="count"/> bits; 0 to 64.</summary>
    public ulong Read(int count) => count > 32 ? (ReadShort(count - 32) << 32) | ReadShort(32) : ReadShort(count);

    /// <summary>What <see cref="BitWriter.WriteSized"/> wrote.</summary>
    public ulong ReadSized() => Read((int)Math.Min(ReadShort(7), 64));

    /// <summary>How many ones come before the next zero, which is read too, at most <paramref name="limit"/>, behind which no zero is read.</summary>
    public int ReadOnes(int limit)
    {
        var ones = 0;
        while (ones < limit && ReadShort(1) == 1)
        {
            ones++;
        }

        return ones;
    }

    /// <summary>Skips what filled up the last byte.</summary>
    public void SkipToByte() => _bits -= _bits % 8;

    private ulong ReadShort(int count)
    {
        while (_bits < count)
        {
            byte next = 0;
            if (_next < _source.Length)
            {
                next = _source[_next++];
            }
            else
            {
                Overrun = true;
            }

            _pending = (_pending << 8) | next;
            _bits += 8;
        }

        _bits -= count;
        return (_pending >> _bits) & ((1UL << count) - 1);
    }
}
