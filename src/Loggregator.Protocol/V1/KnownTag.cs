namespace Loggregator.Protocol.V1;

/// <summary>The tags of v2 envelopes that have fields of their own in v1. The numbers are bits of sets of tags.</summary>
internal enum KnownTag
{
    Other,
    V1Type,
    Origin,
    Deployment,
    Job,
    Index,
    Ip,
    SourceId,
    InstanceId,
    SourceType,
    Source,
    Code,
    RequestId,
    PeerType,
    Method,
    Uri,
    RemoteAddress,
    UserAgent,
    StatusCode,
    ContentLength,
    RoutingInstanceId,
    Forwarded,
}
