namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Walks the occurrences of an envelope's payload that merge into one: all of the header's type behind the last of another type. Nearly
/// always there is one, and then nothing is searched.
/// </summary>
internal ref struct PayloadReader
{
    private readonly ReadOnlySpan<byte> _envelope;
    private readonly uint _member;
    private readonly ByteRange _only;
    private readonly int _start;
    private FieldReader _fields;
    private ByteRange _current;
    private bool _done;

    public PayloadReader(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        _envelope = envelope;
        _member = MemberOf(header.Type);
        _only = header.Payload;
        _done = _member == 0;
        if ((header.Flags & EnvelopeFlags.RepeatedPayload) != 0)
        {
            _start = LastOther(envelope, _member);
            _fields = new FieldReader(envelope[_start..]);
            Repeated = true;
        }
    }

    /// <summary>The content of the current occurrence.</summary>
    public readonly ReadOnlySpan<byte> Current => _current.Of(_envelope);

    /// <summary>Where it begins in the envelope.</summary>
    public readonly int CurrentOffset => _current.Offset;

    private bool Repeated { get; }

    /// <summary>Steps to the next occurrence.</summary>
    public bool MoveNext()
    {
        if (!Repeated)
        {
            if (_done)
            {
                return false;
            }

            _done = true;
            _current = _only;
            return true;
        }

        while (_fields.MoveNext())
        {
            if (_fields.Tag == _member)
            {
                _current = new ByteRange(_start + _fields.Range.Offset, _fields.Range.Length);
                return true;
            }
        }

        return false;
    }

    private static int LastOther(ReadOnlySpan<byte> envelope, uint member)
    {
        var behind = 0;
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag != member && (fields.Tag is Fields.Log or Fields.Counter or Fields.Gauge or Fields.Timer or Fields.Event))
            {
                behind = fields.FieldOffset + fields.FieldLength;
            }
        }

        return behind;
    }

    private static uint MemberOf(EnvelopeType type) => type switch
    {
        EnvelopeType.Log => Fields.Log,
        EnvelopeType.Counter => Fields.Counter,
        EnvelopeType.Gauge => Fields.Gauge,
        EnvelopeType.Timer => Fields.Timer,
        EnvelopeType.Event => Fields.Event,
        _ => 0,
    };
}
