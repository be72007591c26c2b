namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>What becomes of a message that is larger than the broker takes.</summary>
internal enum KafkaOversize
{
    /// <summary>It is refused, and counted as too large.</summary>
    Refuse,

    /// <summary>A log becomes several, each with the tags <c>part</c> and <c>parts</c>; other types are refused.</summary>
    Split,
}
