namespace Loggregator.Protocol.V1;

/// <summary>Which dropsonde envelopes a v1 subscription takes.</summary>
public enum DropsondeKind
{
    /// <summary>All.</summary>
    Any,

    /// <summary>Log messages.</summary>
    Logs,

    /// <summary>Everything but log messages, errors and HTTP events too.</summary>
    Metrics,
}
