using System.Buffers.Text;
using Loggregator.Load.Wire;

namespace Loggregator.Load.Accounting;

/// <summary>
/// What one group of readers (those that share a shard id, or one reader alone) has received. Any thread may call it; calls take turns, a message each.
/// </summary>
/// <param name="name">What the report calls the group.</param>
/// <param name="run">The run whose envelopes count.</param>
/// <param name="sources">Number of sources.</param>
/// <param name="links">Number of sending connections.</param>
/// <param name="expected">The group follows the first so many sources.</param>
internal sealed class Tally(string name, uint run, int sources, int links, int expected)
{
    private readonly Lock _turn = new();
    private readonly SequenceSet[]?[] _seen = new SequenceSet[sources][];
    private readonly bool[] _probed = new bool[sources];

    public string Name => name;

    public int Expected => expected;

    /// <summary>Envelopes by source, each counted once.</summary>
    public long[] Received { get; } = new long[sources];

    public long[] Duplicates { get; } = new long[sources];

    public Dictionary<Gap, long> Gaps { get; } = [];

    /// <summary>Delays from the scheduled time, of what was due at <see cref="MeasureFrom"/> or later.</summary>
    public LatencyHistogram Latency { get; } = new();

    public long MeasureFrom { get; set; } = long.MaxValue;

    /// <summary>The sum of <see cref="Received"/>.</summary>
    public long Total { get; private set; }

    /// <summary>The sum of <see cref="Gaps"/> of this run's sources.</summary>
    public long TotalGaps { get; private set; }

    /// <summary>Envelopes that came behind a later one of the same source and link.</summary>
    public long Late { get; private set; }

    /// <summary>Envelopes of this run whose content is not what was sent.</summary>
    public long Damaged { get; private set; }

    /// <summary>Envelopes of somebody else.</summary>
    public long Foreign { get; private set; }

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Sources of which a probe has come through, so that the way is known to be open.</summary>
    public int Probed { get; private set; }

    /// <summary>Takes an <c>EnvelopeBatch</c>; returns how many envelopes it held.</summary>
    public int TakeBatch(ReadOnlySpan<byte> message)
    {
        var now = Clock.Now;
        var count = 0;
        lock (_turn)
        {
            Messages++;
            Bytes += message.Length;
            var batch = new EnvelopeScan(message);
            while (batch.MoveNext())
            {
                if (batch.Field == 1)
                {
                    count++;
                    TakeEnvelope(batch.Content, now);
                }
            }

            Damaged += batch.Malformed ? 1 : 0;
        }

        return count;
    }

    /// <summary>Takes the payload of one log line that came as text, with its envelope's timestamp.</summary>
    public void TakePayload(ReadOnlySpan<byte> payload, long timestamp)
    {
        var now = Clock.Now;
        lock (_turn)
        {
            Take(payload, timestamp, source: default, now);
        }
    }

    /// <summary>Takes note of what the reader was told to have missed.</summary>
    public void TakeGap(ReadOnlySpan<byte> source, string hop, string reason, long count, bool upperBound)
    {
        lock (_turn)
        {
            AddGap(source, hop, reason, count, upperBound);
        }
    }

    /// <summary>Takes one dropsonde envelope.</summary>
    public void TakeV1(ReadOnlySpan<byte> message)
    {
        var now = Clock.Now;
        long timestamp = 0;
        ReadOnlySpan<byte> log = default, counter = default;
        var envelope = new EnvelopeScan(message);
        while (envelope.MoveNext())
        {
            timestamp = envelope.Field == 6 ? (long)envelope.Value : timestamp;
            log = envelope.Field == 8 ? envelope.Content : log;
            counter = envelope.Field == 7 ? envelope.Content : counter;
        }

        ReadOnlySpan<byte> payload = default, source = default;
        var line = new EnvelopeScan(log);
        while (line.MoveNext())
        {
            payload = line.Field == 1 ? line.Content : payload;
            source = line.Field == 4 ? line.Content : source;
        }

        lock (_turn)
        {
            Messages++;
            Bytes += message.Length;
            Damaged += envelope.Malformed ? 1 : 0;
            if (counter.IsEmpty)
            {
                TakeLine(payload, timestamp, source, now);
            }
            else if (GapRecord.TryRead(message, counter, out var gap))
            {
                AddGap(V1Source(message), gap.Hop, gap.Reason, gap.Count, gap.UpperBound);
            }
            else
            {
                Foreign++;
            }
        }
    }

    // A loss that is told in a log line begins with its number: "1,204 envelopes lost (doppler: evicted) …".
    private void TakeLine(ReadOnlySpan<byte> payload, long timestamp, ReadOnlySpan<byte> source, long now)
    {
        var words = payload.IndexOf(" envelope"u8);
        if (words is > 0 and < 20
            && long.TryParse(System.Text.Encoding.ASCII.GetString(payload[..words]), System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture, out var lost))
        {
            AddGap(source, "told", "in a log line", lost, upperBound: false);
            return;
        }

        Take(payload, timestamp, source, now);
    }

    private static ReadOnlySpan<byte> V1Source(ReadOnlySpan<byte> message)
    {
        var fields = new EnvelopeScan(message);
        while (fields.MoveNext())
        {
            if (fields.Field != 17)
            {
                continue;
            }

            ReadOnlySpan<byte> key = default, value = default;
            var entry = new EnvelopeScan(fields.Content);
            while (entry.MoveNext())
            {
                key = entry.Field == 1 ? entry.Content : key;
                value = entry.Field == 2 ? entry.Content : value;
            }

            if (key.SequenceEqual("source_id"u8))
            {
                return value;
            }
        }

        return default;
    }

    private void TakeEnvelope(ReadOnlySpan<byte> bytes, long now)
    {
        long timestamp = 0;
        ReadOnlySpan<byte> source = default, log = default, counter = default;
        var envelope = new EnvelopeScan(bytes);
        while (envelope.MoveNext())
        {
            switch (envelope.Field)
            {
                case 1:
                    timestamp = (long)envelope.Value;
                    break;
                case 2:
                    source = envelope.Content;
                    break;
                case 4:
                    log = envelope.Content;
                    break;
                case 5:
                    counter = envelope.Content;
                    break;
                default:
                    break;
            }
        }

        if (!counter.IsEmpty)
        {
            if (GapRecord.TryRead(bytes, counter, out var gap))
            {
                AddGap(source, gap.Hop, gap.Reason, gap.Count, gap.UpperBound);
            }
            else
            {
                Foreign++;
            }

            return;
        }

        var line = new EnvelopeScan(log);
        while (line.MoveNext() && line.Field != 1)
        {
        }

        Take(line.Content, timestamp, source, now);
    }

    private void Take(ReadOnlySpan<byte> payload, long timestamp, ReadOnlySpan<byte> source, long now)
    {
        if (!Trace.TryRead(payload, out var trace) || trace.Run != run)
        {
            Foreign++;
            return;
        }

        if (trace.Scheduled != timestamp || (uint)trace.Source >= (uint)sources || (uint)trace.Link >= (uint)links || !Names(source, trace.Source))
        {
            Damaged++;
            return;
        }

        if (trace.Sequence == 0)
        {
            Probed += _probed[trace.Source] ? 0 : 1;
            _probed[trace.Source] = true;
            return;
        }

        var seen = _seen[trace.Source] ??= new SequenceSet[links];
        if (!seen[trace.Link].Add(trace.Sequence, out var late))
        {
            Duplicates[trace.Source]++;
            return;
        }

        Received[trace.Source]++;
        Total++;
        Late += late ? 1 : 0;
        if (trace.Scheduled >= MeasureFrom)
        {
            Latency.Record(now - trace.Scheduled);
        }
    }

    // Only the index is compared: the rest of the name cannot differ in an envelope that carries this run's trace unless bytes were mixed up.
    private static bool Names(ReadOnlySpan<byte> source, int index) =>
        source.IsEmpty || (Utf8Parser.TryParse(source, out int named, out var read, 'x') && read == SourceName.IndexLength && named == index);

    private void AddGap(ReadOnlySpan<byte> source, string hop, string reason, long count, bool upperBound)
    {
        var known = SourceName.TryParse(source, run, out var index) && index < sources;
        if (!known && !source.SequenceEqual("other"u8))
        {
            Foreign++;
            return;
        }

        var gap = new Gap(known ? index : -1, hop, reason, upperBound);
        Gaps[gap] = Gaps.GetValueOrDefault(gap) + count;
        TotalGaps += count;
    }
}
