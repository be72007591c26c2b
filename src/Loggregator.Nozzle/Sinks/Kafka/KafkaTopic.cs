namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>A topic that records go to.</summary>
internal sealed class KafkaTopic(string name)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>How many partitions it has; 0 while that is not known.</summary>
    public int Partitions { get; set; }
}
