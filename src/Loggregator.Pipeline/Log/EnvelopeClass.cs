namespace Loggregator.Pipeline.Log;

/// <summary>Envelopes of a class share a part of the log's budget; the other class cannot take it away.</summary>
public enum EnvelopeClass : byte
{
    /// <summary>Logs, events, and envelopes without a message.</summary>
    Logs = 0,

    /// <summary>Counters, gauges and timers; gap records too, which are counters.</summary>
    Metrics = 1,
}
