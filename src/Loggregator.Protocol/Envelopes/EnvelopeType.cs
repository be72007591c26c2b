namespace Loggregator.Protocol.Envelopes;

/// <summary>Which member of an envelope's <c>message</c> oneof is set.</summary>
public enum EnvelopeType : byte
{
    /// <summary>No member is set; legal, and selected by nobody.</summary>
    None = 0,

    /// <summary>Field 4.</summary>
    Log = 1,

    /// <summary>Field 5.</summary>
    Counter = 2,

    /// <summary>Field 6.</summary>
    Gauge = 3,

    /// <summary>Field 7.</summary>
    Timer = 4,

    /// <summary>Field 10.</summary>
    Event = 5,
}
