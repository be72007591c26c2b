using System.IO.Hashing;
using Loggregator.Nozzle.Filters;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>The topics that records go to, and how many partitions they have, which is asked once for each topic, and again after a failure. One caller.</summary>
internal sealed class KafkaTopics
{
    private readonly KafkaPartition _partition;
    private readonly KafkaTopic _default;
    private readonly (SourceGlob Sources, KafkaTopic Topic)[] _patterns;

    /// <summary>The topics of these options.</summary>
    public KafkaTopics(KafkaOptions options)
    {
        _partition = options.Partition;
        _default = new KafkaTopic(options.Topic);
        var topics = new Dictionary<string, KafkaTopic>(StringComparer.Ordinal) { [options.Topic] = _default };
        _patterns = [.. options.Topics.Select(pair =>
            (pair.Sources, topics.TryGetValue(pair.Topic, out var known) ? known : topics[pair.Topic] = new KafkaTopic(pair.Topic)))];
    }

    /// <summary>The topic of a source.</summary>
    public KafkaTopic Of(ReadOnlySpan<byte> source)
    {
        foreach (var (sources, topic) in _patterns)
        {
            if (sources.Matches(source))
            {
                return topic;
            }
        }

        return _default;
    }

    /// <summary>Whether the topic's partitions must be asked for before <see cref="PartitionOf"/>.</summary>
    public bool MustAsk(KafkaTopic topic) => _partition == KafkaPartition.Source && topic.Partitions == 0;

    /// <summary>The partition of a source: XxHash64 of the source id, seed 0, mod their number.</summary>
    public int PartitionOf(KafkaTopic topic, ReadOnlySpan<byte> source) =>
        _partition == KafkaPartition.Key ? Librdkafka.AnyPartition : (int)(XxHash64.HashToUInt64(source) % (uint)topic.Partitions);

    /// <summary>Has everything asked again, as topics may have been made anew.</summary>
    public void Forget()
    {
        _default.Partitions = 0;
        foreach (var (_, topic) in _patterns)
        {
            topic.Partitions = 0;
        }
    }
}
