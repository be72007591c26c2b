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
    private FieldReader _fields;
    private bool _done;

    public PayloadReader(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        _envelope = envelope;
        _member = MemberOf(header.Type);
        _only = header.Payload;
        _done = _member == 0;
        if ((header.Flags & EnvelopeFlags.RepeatedPayload) != 0)
        {
            _only = default;
            _fields = new FieldReader(envelope[LastOther(envelope, _member)..]);
            Repeated = true;
        }
    }

    /// <summary>The content of the current occurrence.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

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
            Current = _only.Of(_envelope);
            return true;
        }

        while (_fields.MoveNext())
        {
            if (_fields.Tag == _member)
            {
                Current = _fields.Bytes;
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
