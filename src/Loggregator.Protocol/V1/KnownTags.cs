using static Loggregator.Protocol.V1.KnownTag;

namespace Loggregator.Protocol.V1;

/// <summary>Names and sets of <see cref="KnownTag"/>.</summary>
internal static class KnownTags
{
    /// <summary>Number of known tags, <see cref="Other"/> included.</summary>
    public const int Count = (int)Forwarded + 1;

    /// <summary>What every v1 envelope has as fields.</summary>
    public const uint OfEnvelope = (1u << (int)V1Type) | (1u << (int)Origin) | (1u << (int)Deployment) | (1u << (int)Job) | (1u << (int)KnownTag.Index) | (1u << (int)Ip);

    /// <summary>What a LogMessage has as fields.</summary>
    public const uint OfLog = 1u << (int)SourceType;

    /// <summary>What an Error has as fields.</summary>
    public const uint OfError = (1u << (int)Source) | (1u << (int)Code);

    /// <summary>What an HttpStartStop has as fields.</summary>
    public const uint OfHttp = (1u << (int)RequestId) | (1u << (int)PeerType) | (1u << (int)Method) | (1u << (int)KnownTag.Uri) | (1u << (int)RemoteAddress)
        | (1u << (int)UserAgent) | (1u << (int)StatusCode) | (1u << (int)ContentLength) | (1u << (int)RoutingInstanceId) | (1u << (int)Forwarded);

    /// <summary>The tag of this name.</summary>
    public static KnownTag Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("ip"u8) ? Ip : Other,
        3 => name.SequenceEqual("job"u8) ? Job : name.SequenceEqual("uri"u8) ? KnownTag.Uri : Other,
        4 => name.SequenceEqual("code"u8) ? Code : Other,
        5 => name.SequenceEqual("index"u8) ? KnownTag.Index : Other,
        6 => name.SequenceEqual("origin"u8) ? Origin : name.SequenceEqual("source"u8) ? Source : name.SequenceEqual("method"u8) ? Method : Other,
        9 => name.SequenceEqual("__v1_type"u8) ? V1Type
            : name.SequenceEqual("source_id"u8) ? SourceId
            : name.SequenceEqual("peer_type"u8) ? PeerType
            : name.SequenceEqual("forwarded"u8) ? Forwarded
            : Other,
        10 => name.SequenceEqual("deployment"u8) ? Deployment
            : name.SequenceEqual("request_id"u8) ? RequestId
            : name.SequenceEqual("user_agent"u8) ? UserAgent
            : Other,
        11 => name.SequenceEqual("source_type"u8) ? SourceType
            : name.SequenceEqual("instance_id"u8) ? InstanceId
            : name.SequenceEqual("status_code"u8) ? StatusCode
            : Other,
        14 => name.SequenceEqual("remote_address"u8) ? RemoteAddress : name.SequenceEqual("content_length"u8) ? ContentLength : Other,
        19 => name.SequenceEqual("routing_instance_id"u8) ? RoutingInstanceId : Other,
        _ => Other,
    };

    /// <summary>Whether a set has this tag.</summary>
    public static bool Has(uint set, KnownTag tag) => (set & (1u << (int)tag)) != 0;
}
