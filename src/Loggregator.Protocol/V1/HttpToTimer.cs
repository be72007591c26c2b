using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>Turns an HttpStartStop into a timer named <c>http</c>, whose other fields are tags.</summary>
internal static class HttpToTimer
{
    public static void Write(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        long start = 0, stop = 0, contentLength = 0;
        int peerType = 0, method = 0, statusCode = 0, instanceIndex = 0;
        ulong requestLow = 0, requestHigh = 0, appLow = 0, appHigh = 0;
        ReadOnlySpan<byte> uri = default, remoteAddress = default, userAgent = default, instanceId = default;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Http);
        while (payloads.MoveNext())
        {
            ref readonly var field = ref payloads.Field;
            switch (field.Tag)
            {
                case DropsondeFields.HttpStart:
                    start = (long)field.Number;
                    break;
                case DropsondeFields.HttpStop:
                    stop = (long)field.Number;
                    break;
                case DropsondeFields.HttpRequestId:
                    ReadUuid(field.Bytes, ref requestLow, ref requestHigh);
                    break;
                case DropsondeFields.HttpPeerType:
                    peerType = (int)field.Number;
                    break;
                case DropsondeFields.HttpMethod:
                    method = (int)field.Number;
                    break;
                case DropsondeFields.HttpUri:
                    uri = field.Bytes;
                    break;
                case DropsondeFields.HttpRemoteAddress:
                    remoteAddress = field.Bytes;
                    break;
                case DropsondeFields.HttpUserAgent:
                    userAgent = field.Bytes;
                    break;
                case DropsondeFields.HttpStatusCode:
                    statusCode = (int)field.Number;
                    break;
                case DropsondeFields.HttpContentLength:
                    contentLength = (long)field.Number;
                    break;
                case DropsondeFields.HttpAppId:
                    ReadUuid(field.Bytes, ref appLow, ref appHigh);
                    break;
                case DropsondeFields.HttpInstanceIndex:
                    instanceIndex = (int)field.Number;
                    break;
                case DropsondeFields.HttpInstanceId:
                    instanceId = field.Bytes;
                    break;
                default:
                    break;
            }
        }

        Span<byte> uuid = stackalloc byte[UuidPacking.TextLength];
        Span<byte> digits = stackalloc byte[11];
        UuidPacking.Format(appLow, appHigh, uuid);
        frame.WriteIds(appLow == 0 && appHigh == 0 ? default : uuid, instanceIndex);
        frame.WriteTimer(start, stop);
        frame.WriteTags(KnownTags.OfHttp);
        UuidPacking.Format(requestLow, requestHigh, uuid);
        frame.WriteTag("request_id"u8, uuid);
        frame.WriteTag("peer_type"u8, HttpNames.PeerType(peerType, digits));
        frame.WriteTag("method"u8, HttpNames.Method(method, digits));
        frame.WriteTag("uri"u8, uri);
        frame.WriteTag("remote_address"u8, remoteAddress);
        frame.WriteTag("user_agent"u8, userAgent);
        frame.WriteTag("status_code"u8, statusCode);
        frame.WriteTag("content_length"u8, contentLength);
        frame.WriteTag("routing_instance_id"u8, instanceId);
        WriteForwarded(ref frame, envelope);
    }

    /// <summary>Reads what is there of a UUID.</summary>
    internal static void ReadUuid(ReadOnlySpan<byte> uuid, ref ulong low, ref ulong high)
    {
        var fields = new FieldReader(uuid);
        while (fields.MoveNext())
        {
            low = fields.Tag == DropsondeFields.UuidLow ? fields.Number : low;
            high = fields.Tag == DropsondeFields.UuidHigh ? fields.Number : high;
        }
    }

    private static void WriteForwarded(ref V2Frame frame, ReadOnlySpan<byte> envelope)
    {
        var length = 0;
        var payloads = new DropsondePayload(envelope, DropsondeFields.Http);
        while (payloads.MoveNext())
        {
            length += payloads.Field.Tag == DropsondeFields.HttpForwarded ? payloads.Field.Range.Length + 1 : 0;
        }

        var joined = length <= 256 ? stackalloc byte[256] : new byte[length];
        var at = 0;
        payloads = new DropsondePayload(envelope, DropsondeFields.Http);
        while (payloads.MoveNext())
        {
            if (payloads.Field.Tag == DropsondeFields.HttpForwarded)
            {
                payloads.Field.Bytes.CopyTo(joined[at..]);
                at += payloads.Field.Range.Length;
                joined[at++] = (byte)'\n';
            }
        }

        frame.WriteTag("forwarded"u8, joined[..Math.Max(at - 1, 0)]);
    }
}
