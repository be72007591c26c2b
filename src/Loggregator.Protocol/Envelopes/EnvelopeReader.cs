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

    /// <summary>The type of an envelope whose type is <see cref="EnvelopeType.Log"/>: 0 OUT, 1 ERR, or a number without name.</summary>
    public static int LogType(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        var type = 0;
        var payloads = new PayloadReader(envelope, header);
        while (payloads.MoveNext())
        {
            var fields = new FieldReader(payloads.Current);
            while (fields.MoveNext())
            {
                type = fields.Tag == Fields.LogType ? (int)fields.Number : type;
            }
        }

        return type;
    }

    /// <summary>The fields of an envelope whose type is <see cref="EnvelopeType.Timer"/>.</summary>
    public static TimerFields Timer(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        ReadOnlySpan<byte> name = default;
        long start = 0, stop = 0;
        var payloads = new PayloadReader(envelope, header);
        while (payloads.MoveNext())
        {
            var fields = new FieldReader(payloads.Current);
            while (fields.MoveNext())
            {
                switch (fields.Tag)
                {
                    case Fields.TimerName:
                        name = fields.Bytes;
                        break;
                    case Fields.TimerStart:
                        start = (long)fields.Number;
                        break;
                    case Fields.TimerStop:
                        stop = (long)fields.Number;
                        break;
                    default:
                        break;
                }
            }
        }

        return new TimerFields { Name = name, Start = start, Stop = stop };
    }

    /// <summary>The fields of an envelope whose type is <see cref="EnvelopeType.Event"/>.</summary>
    public static EventFields Event(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header)
    {
        ReadOnlySpan<byte> title = default, body = default;
        var payloads = new PayloadReader(envelope, header);
        while (payloads.MoveNext())
        {
            var fields = new FieldReader(payloads.Current);
            while (fields.MoveNext())
            {
                switch (fields.Tag)
                {
                    case Fields.EventTitle:
                        title = fields.Bytes;
                        break;
                    case Fields.EventBody:
                        body = fields.Bytes;
                        break;
                    default:
                        break;
                }
            }
        }

        return new EventFields { Title = title, Body = body };
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
