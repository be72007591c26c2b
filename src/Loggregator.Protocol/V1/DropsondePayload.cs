using System.Diagnostics.CodeAnalysis;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>
/// Walks the fields of one payload of a dropsonde envelope. A payload that comes again merges into what was there, so its fields just follow.
/// </summary>
internal ref struct DropsondePayload(ReadOnlySpan<byte> envelope, uint payload)
{
    private FieldReader _envelope = new(envelope);
    private FieldReader _fields;

    /// <summary>The current field.</summary>
    [UnscopedRef]
    public readonly ref readonly FieldReader Field => ref _fields;

    /// <summary>Steps to the next field.</summary>
    public bool MoveNext()
    {
        while (!_fields.MoveNext())
        {
            do
            {
                if (!_envelope.MoveNext())
                {
                    return false;
                }
            }
            while (_envelope.Tag != payload);
            _fields = new FieldReader(_envelope.Bytes);
        }

        return true;
    }
}
