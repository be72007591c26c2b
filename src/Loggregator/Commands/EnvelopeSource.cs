using System.Text;
using Loggregator.Client.Emit;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Commands;

/// <summary>Writes the envelopes of one source instance. Any thread.</summary>
internal sealed class EnvelopeSource(string sourceId, string instanceId, IReadOnlyList<string> tags, TimeProvider time)
{
    /// <summary>Longer lines are cut into several envelopes: whole messages of that size pass every hop of the original too.</summary>
    public const int MaxLineBytes = 60 * 1024;

    private readonly byte[] _source = Encoding.UTF8.GetBytes(sourceId);
    private readonly byte[] _instance = Encoding.UTF8.GetBytes(instanceId);
    private readonly (byte[] Key, byte[] Value)[] _tags = [.. tags.Select(Split)];

    /// <summary>Adds a line; false when there was no room and it was counted as dropped.</summary>
    public bool TryLog(Emitter emitter, ReadOnlyMemory<byte> line, bool isError)
    {
        var all = true;
        do
        {
            var part = line[..Math.Min(line.Length, MaxLineBytes)];
            all &= emitter.TryAdd((Self: this, Line: part, IsError: isError), static (writer, log) =>
            {
                EnvelopeWriter.Log(writer, log.Self.Now(), log.Self._source, log.Self._instance, log.Line.Span, log.IsError);
                log.Self.WriteTags(writer);
            });
            line = line[part.Length..];
        }
        while (!line.IsEmpty);

        return all;
    }

    public bool TryCounter(Emitter emitter, string name, ulong delta) => emitter.TryAdd((Self: this, name, delta), static (writer, counter) =>
    {
        EnvelopeWriter.Counter(writer, counter.Self.Now(), counter.Self._source, counter.Self._instance, Encoding.UTF8.GetBytes(counter.name), counter.delta);
        counter.Self.WriteTags(writer);
    });

    public bool TryGauge(Emitter emitter, GaugeMetric metric) => emitter.TryAdd((Self: this, metric), static (writer, gauge) =>
    {
        EnvelopeWriter.Gauge(writer, gauge.Self.Now(), gauge.Self._source, gauge.Self._instance, gauge.metric);
        gauge.Self.WriteTags(writer);
    });

    public bool TryEvent(Emitter emitter, string title, string body) => emitter.TryAdd((Self: this, title, body), static (writer, happened) =>
    {
        EnvelopeWriter.Event(
            writer,
            happened.Self.Now(),
            happened.Self._source,
            happened.Self._instance,
            Encoding.UTF8.GetBytes(happened.title),
            Encoding.UTF8.GetBytes(happened.body));
        happened.Self.WriteTags(writer);
    });

    private static (byte[], byte[]) Split(string tag)
    {
        var equals = tag.IndexOf('=', StringComparison.Ordinal);
        return (Encoding.UTF8.GetBytes(tag[..equals]), Encoding.UTF8.GetBytes(tag[(equals + 1)..]));
    }

    private long Now() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private void WriteTags(MessageBuffer writer)
    {
        foreach (var (key, value) in _tags)
        {
            EnvelopeWriter.Tag(writer, key, value);
        }
    }
}
