namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// What routing needs of an envelope, as ranges into its bytes. Of repeated fields it names the last, as protobuf's readers do.
/// </summary>
public struct EnvelopeHeader
{
    /// <summary>UNIX time in nanoseconds (field 1).</summary>
    public long Timestamp;

    /// <summary>Which payload is set.</summary>
    public EnvelopeType Type;

    /// <summary>What else the pass noticed.</summary>
    public EnvelopeFlags Flags;

    /// <summary>UTF-8 text of field 2.</summary>
    public ByteRange SourceId;

    /// <summary>UTF-8 text of field 8.</summary>
    public ByteRange InstanceId;

    /// <summary>The content of the payload message (fields 4, 5, 6, 7 or 10).</summary>
    public ByteRange Payload;

    /// <summary>The content of the stamp message (field 1001).</summary>
    public ByteRange Stamp;
}
