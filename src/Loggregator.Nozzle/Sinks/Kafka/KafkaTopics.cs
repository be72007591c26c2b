using System.Collections.Concurrent;
using System.IO.Hashing;
using Confluent.Kafka;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>The topics that records go to, and how many partitions they have, which is asked once for each topic and client.</summary>
internal sealed class KafkaTopics(KafkaOptions options, Handle client)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);

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
    public Partition PartitionOf(string topic, ReadOnlySpan<byte> source) =>
        options.Partition == KafkaPartition.Key ? Partition.Any : new Partition((int)(XxHash64.HashToUInt64(source) % (uint)_partitions[topic]));

    /// <summary>Whether the topic's partitions must be asked for first.</summary>
    public bool MustAsk(string topic) => options.Partition == KafkaPartition.Source && !_partitions.ContainsKey(topic);

    /// <summary>Asks the brokers; the result says what is wrong, or null. Blocks for up to 5 s.</summary>
    public string? Ask(string topic)
    {
        try
        {
            using var admin = new DependentAdminClientBuilder(client).Build();
            var found = admin.GetMetadata(topic, Patience).Topics.FirstOrDefault(one => one.Topic == topic);
            if (found is null || found.Error.IsError || found.Partitions.Count == 0)
            {
                return $"topic '{topic}' cannot be written ({found?.Error.Reason.TrimEnd('.') ?? "the brokers do not know it"}): create it, or correct its name";
            }

            _partitions[topic] = found.Partitions.Count;
            return null;
        }
        catch (KafkaException e)
        {
            return $"the brokers do not tell of topic '{topic}' ({e.Error.Reason.TrimEnd('.')})";
        }
    }

    /// <summary>Has everything asked again, as something may have changed.</summary>
    public void Forget() => _partitions.Clear();
}
