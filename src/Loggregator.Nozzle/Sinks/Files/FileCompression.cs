namespace Loggregator.Nozzle.Sinks.Files;

/// <summary>What becomes of a file that was rotated out.</summary>
internal enum FileCompression
{
    /// <summary>It stays as it is.</summary>
    None,

    /// <summary>It becomes <c>.gz</c>.</summary>
    Gzip,

    /// <summary>It becomes <c>.zst</c>.</summary>
    Zstd,
}
