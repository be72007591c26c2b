using System.IO.Hashing;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>The topics that records go to, and how many partitions they have, which is asked once for each topic, and again after a failure. One caller.</summary>
internal sealed class KafkaTopics(KafkaOptions options)
{
    private const int AnyPartition = -1; // RD_KAFKA_PARTITION_UA: by the client's partitioner
    private readonly Dictionary<string, int> _partitions = new(StringComparer.Ordinal);

    /// <summary>The topic of a source.</summary>
    public string Of(ReadOnlySpan<byte> source)
    {
        foreach (var (sources, topic) in options.Topics)
        {
            if (sources.Matches(source))
            {
                return topic;
            }
        }

        return options.Topic;
    }

    /// <summary>The partition of a source in a topic whose partitions are known: XxHash64 of the source id, seed 0, mod their number.</summary>
    public int PartitionOf(string topic, ReadOnlySpan<byte> source) =>
        options.Partition == KafkaPartition.Key ? AnyPartition : (int)(XxHash64.HashToUInt64(source) % (uint)_partitions[topic]);

    /// <summary>Whether the topic's partitions must be asked for first.</summary>
    public bool MustAsk(string topic) => options.Partition == KafkaPartition.Source && !_partitions.ContainsKey(topic);

    /// <summary>Notes the answer.</summary>
    public void Note(string topic, int partitions) => _partitions[topic] = partitions;

    /// <summary>Has everything asked again, as a topic may have been made anew.</summary>
    public void Forget() => _partitions.Clear();
}
