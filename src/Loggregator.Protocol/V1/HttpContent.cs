using System.Runtime.CompilerServices;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>The content of the HttpStartStop that a v2 timer becomes, whatever its name.</summary>
[SkipLocalsInit] // rooms for numbers as text, of which few are ever used
internal readonly ref struct HttpContent
{
    private readonly V2Tags _tags;
    private readonly ulong _requestLow, _requestHigh, _appLow, _appHigh;
    private readonly bool _hasApp;
    private readonly long _start, _stop, _contentLength;
    private readonly uint _peerType, _method;
    private readonly int _statusCode, _instanceIndex;

    public HttpContent(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header, V2Tags tags, ulong requestLow, ulong requestHigh)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        _tags = tags;
        (_requestLow, _requestHigh) = (requestLow, requestHigh);
        _hasApp = UuidPacking.TryParse(header.SourceId.Of(envelope), out _appLow, out _appHigh);
        var timer = EnvelopeReader.Timer(envelope, header);
        (_start, _stop) = (timer.Start, timer.Stop);
        _peerType = HttpNames.PeerType(tags.Text(KnownTag.PeerType, scratch));
        _method = HttpNames.Method(tags.Text(KnownTag.Method, scratch));
        _statusCode = (int)V2ToV1.Number(tags.Text(KnownTag.StatusCode, scratch));
        _contentLength = V2ToV1.Number(tags.Text(KnownTag.ContentLength, scratch));
        _instanceIndex = V2ToV1.InstanceIndex(header.InstanceId.Of(envelope));
        Length = Number(_start) + Number(_stop) + WireWriter.FieldLength(DropsondeFields.HttpRequestId, Uuid(requestLow, requestHigh))
            + Number(_peerType) + Number(_method)
            + Text(KnownTag.Uri) + Text(KnownTag.RemoteAddress) + Text(KnownTag.UserAgent)
            + Number(_statusCode) + Number(_contentLength)
            + (_hasApp ? WireWriter.FieldLength(DropsondeFields.HttpAppId, Uuid(_appLow, _appHigh)) : 0)
            + Number(_instanceIndex)
            + Text(KnownTag.RoutingInstanceId)
            + ForwardedLength(tags.Text(KnownTag.Forwarded, scratch));
    }

    /// <summary>Bytes of the content.</summary>
    public int Length { get; }

    public void Write(ref WireWriter wire)
    {
        Number(ref wire, DropsondeFields.HttpStart, (ulong)_start);
        Number(ref wire, DropsondeFields.HttpStop, (ulong)_stop);
        Uuid(ref wire, DropsondeFields.HttpRequestId, _requestLow, _requestHigh);
        Number(ref wire, DropsondeFields.HttpPeerType, _peerType);
        Number(ref wire, DropsondeFields.HttpMethod, _method);
        Text(ref wire, DropsondeFields.HttpUri, KnownTag.Uri);
        Text(ref wire, DropsondeFields.HttpRemoteAddress, KnownTag.RemoteAddress);
        Text(ref wire, DropsondeFields.HttpUserAgent, KnownTag.UserAgent);
        Number(ref wire, DropsondeFields.HttpStatusCode, (ulong)_statusCode);
        Number(ref wire, DropsondeFields.HttpContentLength, (ulong)_contentLength);
        if (_hasApp)
        {
            Uuid(ref wire, DropsondeFields.HttpAppId, _appLow, _appHigh);
        }

        Number(ref wire, DropsondeFields.HttpInstanceIndex, (ulong)_instanceIndex);
        Text(ref wire, DropsondeFields.HttpInstanceId, KnownTag.RoutingInstanceId);
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        var forwarded = _tags.Text(KnownTag.Forwarded, scratch);
        foreach (var part in forwarded.Split((byte)'\n'))
        {
            wire.Bytes(DropsondeFields.HttpForwarded, forwarded[part]);
        }
    }

    private static int ForwardedLength(ReadOnlySpan<byte> forwarded)
    {
        var length = 0;
        foreach (var part in forwarded.Split((byte)'\n')) // of an empty text one empty part
        {
            length += WireWriter.FieldLength(DropsondeFields.HttpForwarded, part.End.Value - part.Start.Value);
        }

        return length;
    }

    // Every tag here takes one byte.
    private static int Number(long number) => 1 + WireWriter.VarintLength((ulong)number);

    private static int Uuid(ulong low, ulong high) => 2 + WireWriter.VarintLength(low) + WireWriter.VarintLength(high);

    private int Text(KnownTag tag)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        return WireWriter.FieldLength(DropsondeFields.HttpUri, _tags.Text(tag, scratch).Length);
    }

    private static void Number(ref WireWriter wire, uint field, ulong number)
    {
        wire.Varint(field);
        wire.Varint(number);
    }

    private static void Uuid(ref WireWriter wire, uint field, ulong low, ulong high)
    {
        wire.Header(field, Uuid(low, high));
        Number(ref wire, DropsondeFields.UuidLow, low);
        Number(ref wire, DropsondeFields.UuidHigh, high);
    }

    private void Text(ref WireWriter wire, uint field, KnownTag tag)
    {
        Span<byte> scratch = stackalloc byte[FloatText.MaxLength];
        wire.Bytes(field, _tags.Text(tag, scratch));
    }
}
