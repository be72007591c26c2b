using Loggregator.Agent.Tagging;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Agent.Ingress;

/// <summary>An envelope that was read and is yet to be numbered: ranges into the received message or into the intake's scratch.</summary>
internal struct PreparedEnvelope
{
    public long Timestamp;

    public EnvelopeType Type;

    /// <summary>The envelope was rewritten: <see cref="Body"/>, and the ids unless overridden, lie in the scratch.</summary>
    public bool Rewritten;

    /// <summary>The source id was overridden and lies in the scratch.</summary>
    public bool SourceInScratch;

    public ByteRange Body;

    /// <summary>From the start of what it lies in, not of the body.</summary>
    public ByteRange Source;

    /// <summary>From the start of what it lies in, not of the body.</summary>
    public ByteRange Instance;

    /// <summary>Whose number it gets.</summary>
    public StreamKey Stream;

    /// <summary>What goes behind the body, in the scratch; <see cref="EnvelopeIntake.TailLength"/> bytes of room follow it.</summary>
    public ByteRange Suffix;

    /// <summary>Of a counter.</summary>
    public CounterKey Counter;

    public ulong Delta;

    public ulong Total;

    /// <summary>A counter with neither delta nor total keeps its total, rather than setting it to 0.</summary>
    public bool Accumulates;
}
