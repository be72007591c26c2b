namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>The codecs of Kafka.</summary>
internal enum KafkaCompression
{
    /// <summary>None.</summary>
    None,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>snappy.</summary>
    Snappy,

    /// <summary>LZ4.</summary>
    Lz4,

    /// <summary>Zstandard; brokers from 2.1 on.</summary>
    Zstd,
}
