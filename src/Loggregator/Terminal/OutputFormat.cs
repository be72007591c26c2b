namespace Loggregator.Terminal;

/// <summary>How envelopes are printed.</summary>
internal enum OutputFormat
{
    /// <summary>Time, source and instance, message; colours on a terminal.</summary>
    Pretty,

    /// <summary>As <c>cf logs</c> prints.</summary>
    Cf,

    /// <summary>As Lattice's <c>ltc logs</c> prints.</summary>
    Ltc,

    /// <summary>The logs' bytes as they were sent, control characters and all.</summary>
    Raw,

    /// <summary>One JSON envelope a line.</summary>
    Json,
}
