namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>How a record's partition is chosen.</summary>
internal enum KafkaPartition
{
    /// <summary>Here: hash of the source id mod the number of partitions, so that a source's order holds whatever the client's partitioner is.</summary>
    Source,

    /// <summary>By the client, from the key, which is the source id.</summary>
    Key,
}
