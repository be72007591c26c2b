using System.Numerics;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>One dropsonde envelope (<c>events.Envelope</c>) as the bytes that came from the wire.</summary>
public static class DropsondeEnvelope
{
    private const int Payloads = 6;

    // Bits of an HttpStartStop's mask behind those of its ten required fields.
    private const int RequestIdBits = 16, AppIdBits = 18, AppIdSeen = 1 << 20;

    /// <summary>
    /// Reads the header and checks what proto2 demands: the structure of the envelope and of every payload that is there, and all required
    /// fields. For bytes from outside; never throws, never reads past the end. Whether type and payload agree is <see cref="IsUsable"/>.
    /// </summary>
    public static ConversionFault TryRead(ReadOnlySpan<byte> envelope, out DropsondeHeader header)
    {
        header = default;
        Span<uint> seen = stackalloc uint[Payloads];
        seen.Clear();
        bool hasOrigin = false, hasType = false, sound = true;
        var present = 0u;
        var fields = new FieldReader(envelope);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case DropsondeFields.Origin:
                    header.Origin = fields.Range;
                    hasOrigin = true;
                    break;
                case DropsondeFields.EventType:
                    header.Type = (DropsondeType)(int)fields.Number;
                    hasType = true;
                    break;
                case DropsondeFields.Timestamp:
                    header.Timestamp = (long)fields.Number;
                    break;
                case DropsondeFields.Deployment:
                    (header.Deployment, header.HasDeployment) = (fields.Range, true);
                    break;
                case DropsondeFields.Job:
                    (header.Job, header.HasJob) = (fields.Range, true);
                    break;
                case DropsondeFields.Index:
                    (header.Index, header.HasIndex) = (fields.Range, true);
                    break;
                case DropsondeFields.Ip:
                    (header.Ip, header.HasIp) = (fields.Range, true);
                    break;
                case DropsondeFields.Tags:
                    sound &= IsMessage(fields.Bytes);
                    break;
                case DropsondeFields.Http or DropsondeFields.Log or DropsondeFields.Value or DropsondeFields.Counter or DropsondeFields.Error
                    or DropsondeFields.Container:
                    var payload = (int)(fields.Tag - DropsondeFields.Http) >> 3;
                    present |= 1u << payload;
                    sound &= ReadPayload(fields.Bytes, fields.Tag, ref seen[payload]);
                    break;
                default:
                    break;
            }
        }

        if (fields.Malformed || !sound)
        {
            return ConversionFault.Malformed;
        }

        var named = (int)header.Type - (int)DropsondeType.HttpStartStop;
        header.HasPayload = named is >= 0 and < Payloads && (present & (1u << named)) != 0;
        return hasOrigin && hasType && HasRequired(seen, present) ? ConversionFault.None : ConversionFault.MissingField;
    }

    /// <summary>Whether the type exists and its payload is there; what agents demand of an emitter.</summary>
    public static ConversionFault IsUsable(in DropsondeHeader header) =>
        header.HasPayload ? ConversionFault.None
        : DropsondeFields.PayloadOf(header.Type) == 0 ? ConversionFault.UnknownType
        : ConversionFault.NoPayload;

    private static bool ReadPayload(ReadOnlySpan<byte> payload, uint tag, ref uint seen)
    {
        var required = DropsondeFields.RequiredOf(tag);
        var sound = true;
        var fields = new FieldReader(payload);
        while (fields.MoveNext())
        {
            var at = fields.Tag <= byte.MaxValue ? required.IndexOf((byte)fields.Tag) : -1;
            seen |= at < 0 ? 0 : 1u << at;
            if (tag == DropsondeFields.Http && (fields.Tag is DropsondeFields.HttpRequestId or DropsondeFields.HttpAppId))
            {
                var isAppId = fields.Tag == DropsondeFields.HttpAppId;
                sound &= ReadUuid(fields.Bytes, isAppId ? AppIdBits : RequestIdBits, ref seen);
                seen |= isAppId ? (uint)AppIdSeen : 0;
            }
        }

        return sound && !fields.Malformed;
    }

    private static bool ReadUuid(ReadOnlySpan<byte> uuid, int bits, ref uint seen)
    {
        var fields = new FieldReader(uuid);
        while (fields.MoveNext())
        {
            seen |= fields.Tag == DropsondeFields.UuidLow ? 1u << bits : fields.Tag == DropsondeFields.UuidHigh ? 2u << bits : 0;
        }

        return !fields.Malformed;
    }

    private static bool HasRequired(ReadOnlySpan<uint> seen, uint present)
    {
        for (; present != 0; present &= present - 1)
        {
            var payload = BitOperations.TrailingZeroCount(present);
            var tag = DropsondeFields.Http + ((uint)payload << 3);
            var required = (1u << DropsondeFields.RequiredOf(tag).Length) - 1;
            if (tag == DropsondeFields.Http)
            {
                required |= 3u << RequestIdBits;
                required |= (seen[payload] & AppIdSeen) != 0 ? 3u << AppIdBits : 0;
            }

            if ((seen[payload] & required) != required)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsMessage(ReadOnlySpan<byte> message)
    {
        var fields = new FieldReader(message);
        while (fields.MoveNext())
        {
        }

        return !fields.Malformed;
    }
}
