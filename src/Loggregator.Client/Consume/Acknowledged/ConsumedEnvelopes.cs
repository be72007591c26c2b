using Loggregator.Protocol.Envelopes;

namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>Walks the envelopes of a <see cref="ConsumedFrame"/>.</summary>
internal ref struct ConsumedEnvelopes(ReadOnlySpan<byte> records, ReadOnlySpan<byte> positions, ulong positionBefore)
{
    private readonly ReadOnlySpan<byte> _positions = positions;
    private RecordReader _records = new(records);
    private int _at;

    /// <summary>The envelope's bytes, without tag and length of the record.</summary>
    public readonly ReadOnlySpan<byte> Envelope => _records.Current;

    /// <summary>Its place in the Doppler's log: with the Doppler's id and incarnation it names the envelope, however often it is sent.</summary>
    public ulong Position { get; private set; } = positionBefore;

    /// <summary>This.</summary>
    public readonly ConsumedEnvelopes Current => this;

    /// <summary>Steps to the next envelope.</summary>
    public bool MoveNext()
    {
        if (!_records.MoveNext())
        {
            return false;
        }

        var step = 0UL;
        for (var shift = 0; _at < _positions.Length; shift += 7)
        {
            var next = _positions[_at++];
            step |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        Position += step;
        return true;
    }
}
