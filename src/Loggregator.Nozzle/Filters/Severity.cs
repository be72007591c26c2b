namespace Loggregator.Nozzle.Filters;

/// <summary>The least severity of logs that a sink takes.</summary>
internal enum Severity
{
    /// <summary>All.</summary>
    Info,

    /// <summary>Those of type ERR.</summary>
    Err,
}
