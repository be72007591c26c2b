using System.IO.Hashing;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// The labels by which Prometheus knows a series, made of what it was sent with: the metric's name, <c>source_id</c>, <c>instance_id</c>, and the tags that
/// are not named as one of these; see <see cref="MetricNames"/>. One thread.
/// </summary>
public sealed class MetricLabels(TextCache texts)
{
    /// <summary>Labels that are not tags, and override a tag of their name.</summary>
    public const string MetricName = "__name__", SourceId = "source_id", InstanceId = "instance_id";

    private const byte Separator = 255; // in no UTF-8
    private const int UsualIds = 256;
    private readonly List<KeyValuePair<string, string>> _pairs = [];

    /// <summary>Keeps their texts.</summary>
    public TextCache Texts => texts;

    /// <summary>The labels, in no order and no name twice; an empty one is as good as none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs => _pairs;

    /// <summary>Which producer the series is of, see <see cref="ProducerOf"/>.</summary>
    public ulong Producer { get; private set; }

    /// <summary>Takes what all series of an identity share.</summary>
    /// <param name="tagged">Bytes with the tags of an envelope.</param>
    /// <param name="sourceId">UTF-8.</param>
    /// <param name="instanceId">UTF-8.</param>
    public void Read(ReadOnlySpan<byte> tagged, ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId)
    {
        _pairs.Clear();
        var tags = new TagReader(tagged);
        while (tags.MoveNext())
        {
            var exact = MetricNames.IsLabel(tags.Key);
            Set(texts.Of(exact ? tags.Key : MetricNames.OfLabel(tags.Key)), texts.Of(tags.Value), exact);
        }

        Set(SourceId, texts.Of(sourceId), true);
        Set(InstanceId, texts.Of(instanceId), true);
        Producer = ProducerOf(sourceId, instanceId);
    }

    /// <summary>Takes the name of one of them, in place of another's.</summary>
    public void ReadName(ReadOnlySpan<byte> name) => Set(MetricName, texts.Of(MetricNames.IsMetric(name) ? name : MetricNames.OfMetric(name)), true);

    /// <summary>The number of a producer, which is a source id and an instance id in UTF-8; the same everywhere.</summary>
    public static ulong ProducerOf(ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId)
    {
        var length = sourceId.Length + 1 + instanceId.Length;
        var bytes = length <= UsualIds ? stackalloc byte[UsualIds] : new byte[length];
        sourceId.CopyTo(bytes);
        bytes[sourceId.Length] = Separator;
        instanceId.CopyTo(bytes[(sourceId.Length + 1)..]);
        return XxHash3.HashToUInt64(bytes[..length]);
    }

    // Of tags that come to one name that of this very name counts, else the first one.
    private void Set(string name, string value, bool exact)
    {
        var at = _pairs.FindIndex(pair => pair.Key == name);
        if (at < 0)
        {
            _pairs.Add(new(name, value));
        }
        else if (exact)
        {
            _pairs[at] = new(name, value);
        }
    }
}
