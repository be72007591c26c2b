namespace Loggregator.TrafficController.Upstream;

/// <summary>Which envelopes of version 1 are wanted.</summary>
internal enum V1Kind : byte
{
    Any,

    /// <summary>Log messages.</summary>
    Logs,

    /// <summary>All but log messages.</summary>
    Metrics,
}
