namespace Loggregator.Client;

/// <summary>Types of envelopes to ask for.</summary>
[Flags]
public enum EnvelopeTypes
{
    /// <summary>Whatever there is.</summary>
    All = 0,

    /// <summary>Log lines.</summary>
    Log = 1,

    /// <summary>Counters.</summary>
    Counter = 2,

    /// <summary>Gauges.</summary>
    Gauge = 4,

    /// <summary>Timers.</summary>
    Timer = 8,

    /// <summary>Events.</summary>
    Event = 16,
}
