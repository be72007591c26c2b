namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Looks into the payload and tags of validated envelopes with protobuf's own rules for repetition: the last of equal keys and singular
/// fields wins; the same member of the oneof again merges into what was there, another member replaces it.
/// </summary>
public static class EnvelopeReader
{
    /// <summary>The fields of an envelope whose type is <see cref="EnvelopeType.Counter"/>.</summary>
    public static CounterFields Counter(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        ReadOnlySpan<byte> name = default;
        ulong delta = 0, total = 0;
        var payloads = new PayloadReader(envelope, header);
        while (payloads.MoveNext())
        {
            var fields = new FieldReader(payloads.Current);
            while (fields.MoveNext())
            {
                switch (fields.Tag)
                {
                    case Fields.CounterName:
                        name = fields.Bytes;
                        break;
                    case Fields.CounterDelta:
                        delta = fields.Number;
                        break;
                    case Fields.CounterTotal:
                        total = fields.Number;
                        break;
                    default:
                        break;
                }
            }
        }

        return new CounterFields { Name = name, Delta = delta, Total = total };
    }

    /// <summary>The payload of an envelope whose type is <see cref="EnvelopeType.Log"/>.</summary>
    public static ReadOnlySpan<byte> LogPayload(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        ReadOnlySpan<byte> payload = default;
        var payloads = new PayloadReader(envelope, header);
        while (payloads.MoveNext())
        {
            var fields = new FieldReader(payloads.Current);
            while (fields.MoveNext())
            {
                payload = fields.Tag == Fields.LogPayload ? fields.Bytes : payload;
            }
        }

        return payload;
    }

    /// <summary>The value that <c>tags</c> gives this key; an entry without value has the empty one.</summary>
    public static bool TryGetTag(ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        value = default;
        var found = false;
        var tags = new TagReader(envelope);
        while (tags.MoveNext())
        {
            if (tags.Key.SequenceEqual(key))
            {
                value = tags.Value;
                found = true;
            }
        }

        return found;
    }
}
