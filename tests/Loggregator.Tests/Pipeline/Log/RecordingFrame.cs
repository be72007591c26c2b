using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Xunit;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>A frame that keeps what each subscription got: the payloads of its logs, or the names of its counters.</summary>
internal sealed class RecordingFrame(int maxBytes = 64 * 1024) : LogFrame(maxBytes, repeats: false)
{
    private readonly List<(int Count, uint[] Subscriptions, long Next, long[] Positions)> _runs = [];

    public override bool IsEmpty => base.IsEmpty && _runs.Count == 0;

    public Dictionary<uint, List<string>> Received { get; } = [];

    public Dictionary<uint, List<Loss>> Gaps { get; } = [];

    public Dictionary<uint, long> NextPosition { get; } = [];

    /// <summary>Of those that acknowledge: the position of each of <see cref="Received"/>.</summary>
    public Dictionary<uint, List<long>> Positions { get; } = [];

    public List<int> FrameBytes { get; } = [];

    public IReadOnlyList<string> Of(uint subscription) => Received.TryGetValue(subscription, out var got) ? got : [];

    public long LostBy(uint subscription, string? source = null) => !Gaps.TryGetValue(subscription, out var gaps) ? 0
        : gaps.Where(gap => source is null || Encoding.UTF8.GetString(gap.SourceId.Span) == source).Sum(gap => gap.Count);

    /// <summary>Reads until there is nothing more.</summary>
    public RecordingFrame ReadAll(LogConsumer consumer)
    {
        while (ReadOne(consumer))
        {
        }

        while (consumer.FillNotices(this))
        {
            Record();
        }

        return this;
    }

    public bool ReadOne(LogConsumer consumer)
    {
        var any = consumer.Fill(this);
        Record();
        return any;
    }

    protected internal override void Gap(uint subscription, in Loss loss)
    {
        (Gaps.TryGetValue(subscription, out var gaps) ? gaps : Gaps[subscription] = []).Add(loss);
        GapBytes += 50;
        Open();
    }

    protected internal override void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition, ReadOnlySpan<long> positions) =>
        _runs.Add((count, subscriptions.ToArray(), nextPosition, positions.ToArray()));

    private void Record()
    {
        using var message = Take();
        FrameBytes.Add(message.Length);
        var records = new RecordReader(message.Span);
        foreach (var (count, subscriptions, next, positions) in _runs)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.True(records.MoveNext(), "a run counts more records than there are");
                Assert.True(RawEnvelope.TryRead(records.Current, out var header));
                var text = Encoding.UTF8.GetString(header.Type switch
                {
                    EnvelopeType.Log => EnvelopeReader.LogPayload(records.Current, header),
                    EnvelopeType.Counter => EnvelopeReader.Counter(records.Current, header).Name,
                    _ => "?"u8,
                });
                if (positions.Length > 0)
                {
                    (Positions.TryGetValue(subscriptions[0], out var known) ? known : Positions[subscriptions[0]] = []).Add(positions[i]);
                }

                foreach (var subscription in subscriptions)
                {
                    (Received.TryGetValue(subscription, out var got) ? got : Received[subscription] = []).Add(text);
                }
            }

            foreach (var subscription in subscriptions)
            {
                NextPosition[subscription] = next;
            }
        }

        Assert.False(records.MoveNext(), "a record belongs to no run");
        Assert.False(records.Malformed);
        _runs.Clear();
    }
}
