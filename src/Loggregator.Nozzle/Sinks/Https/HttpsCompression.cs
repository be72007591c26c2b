namespace Loggregator.Nozzle.Sinks.Https;

/// <summary>The content encoding of bodies.</summary>
internal enum HttpsCompression
{
    /// <summary>None, as the original's.</summary>
    None,

    /// <summary><c>gzip</c>.</summary>
    Gzip,

    /// <summary><c>zstd</c> (RFC 8878).</summary>
    Zstd,
}
