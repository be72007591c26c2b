using System.Runtime.InteropServices;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Walks the records (field 1) of a batch message and skips its other fields, whose structure alone is checked. The envelopes themselves
/// are not looked at.
/// </summary>
public ref struct RecordReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _next;
    private int _envelopeOffset;

    /// <summary>The current envelope's bytes.</summary>
    public readonly ReadOnlySpan<byte> Current => _message[_envelopeOffset.._next];

    /// <summary>Where the current record begins in the message, its header included.</summary>
    public int RecordOffset { get; private set; }

    /// <summary>Bytes of the current record, its header included.</summary>
    public readonly int RecordLength => _next - RecordOffset;

    /// <summary>The walk ended early because the bytes are no protobuf message; the records before were well delimited.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Steps to the next record; false at the end, and where the message is malformed.</summary>
    public bool MoveNext()
    {
        ref var origin = ref MemoryMarshal.GetReference(_message);
        var end = _message.Length;
        var position = _next;
        while (position < end)
        {
            RecordOffset = position;
            position = Wire.ReadTag(ref origin, position, end, out var tag);
            if (position >= 0)
            {
                if (tag == Records.Tag)
                {
                    position = Wire.ReadLength(ref origin, position, end, out var length);
                    if (position >= 0)
                    {
                        _envelopeOffset = position;
                        _next = position + length;
                        return true;
                    }
                }
                else
                {
                    position = Wire.Skip(ref origin, position, end, tag, depth: 0);
                }
            }

            if (position < 0)
            {
                Malformed = true;
                break;
            }
        }

        _next = end;
        return false;
    }
}
