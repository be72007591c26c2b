namespace Loggregator.Load.Wire;

/// <summary>
/// Walks the bytes of received messages. Deliberately not the walker of the product: what checks must not share the bugs of what is checked.
/// </summary>
internal ref struct EnvelopeScan(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Number of the field that <see cref="MoveNext"/> found.</summary>
    public int Field { get; private set; }

    /// <summary>Content of a length-delimited field; empty otherwise.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Value of a varint field; 0 otherwise.</summary>
    public ulong Value { get; private set; }

    /// <summary>The bytes do not end where a field ends.</summary>
    public bool Malformed { get; private set; }

    /// <summary>The next field; false at the end or when the bytes are malformed.</summary>
    public bool MoveNext()
    {
        if (_at >= _bytes.Length)
        {
            return false;
        }

        Content = default;
        Value = 0;
        if (!TryVarint(out var key))
        {
            return Fail();
        }

        Field = (int)(key >> 3);
        switch (key & 7)
        {
            case 0 when TryVarint(out var value):
                Value = value;
                return true;
            case 1 when _bytes.Length - _at >= 8:
                _at += 8;
                return true;
            case 2 when TryVarint(out var length) && length <= (ulong)(_bytes.Length - _at):
                Content = _bytes.Slice(_at, (int)length);
                _at += (int)length;
                return true;
            case 5 when _bytes.Length - _at >= 4:
                _at += 4;
                return true;
            default:
                return Fail();
        }
    }

    private bool Fail()
    {
        Malformed = true;
        _at = _bytes.Length;
        return false;
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && _at < _bytes.Length; shift += 7)
        {
            var next = _bytes[_at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
