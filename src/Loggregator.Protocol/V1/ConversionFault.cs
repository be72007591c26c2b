namespace Loggregator.Protocol.V1;

/// <summary>Why an envelope cannot be turned into one of the other protocol.</summary>
public enum ConversionFault
{
    /// <summary>It can.</summary>
    None,

    /// <summary>The bytes are no protobuf message.</summary>
    Malformed,

    /// <summary>A required field is missing, or would be: a timer without a valid <c>request_id</c>.</summary>
    MissingField,

    /// <summary>The event type does not exist.</summary>
    UnknownType,

    /// <summary>The payload that the type names is not there, or nothing is in it: a gauge without metrics.</summary>
    NoPayload,

    /// <summary>v1 has no such thing: a v2 event.</summary>
    NotInV1,

    /// <summary>The result would be larger than a message may be.</summary>
    TooLarge,
}
