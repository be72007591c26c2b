using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>The fields that every dropsonde envelope has, as ranges into its bytes. Of repeated fields it names the last. Texts may be no UTF-8.</summary>
public struct DropsondeHeader
{
    /// <summary>The event type; any number may come.</summary>
    public DropsondeType Type;

    /// <summary>UNIX time in nanoseconds; 0 where there is none.</summary>
    public long Timestamp;

    /// <summary>Name of the emitter.</summary>
    public ByteRange Origin;

    /// <summary>Deployment; absent unless <see cref="HasDeployment"/>.</summary>
    public ByteRange Deployment;

    /// <summary>Job; absent unless <see cref="HasJob"/>.</summary>
    public ByteRange Job;

    /// <summary>Index; absent unless <see cref="HasIndex"/>.</summary>
    public ByteRange Index;

    /// <summary>Address of the host; absent unless <see cref="HasIp"/>.</summary>
    public ByteRange Ip;

    /// <summary>Whether the field is there, be it empty.</summary>
    public bool HasDeployment, HasJob, HasIndex, HasIp;

    /// <summary>Whether the payload that the type names is there.</summary>
    public bool HasPayload;
}
