using System.Text;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Xunit;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>Reads by time against a plain list: seeded sources, types, sizes, timestamps out of order and equal, and a log that evicts.</summary>
public sealed class TimeReadModelTests
{
    private static readonly string[] Sources = ["a", "b", "quiet", "loud"];
    private static readonly string[] Names = ["cpu", "memory", "requests"];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    [InlineData(7, false, true)]
    [InlineData(8, true, true)]
    [InlineData(9, false, true)]
    public void Reads_OfAnything_AreWhatAListWouldGive(int seed, bool notIndexedApart, bool packing = false)
    {
        var random = new Random(seed);
        var log = new LogFixture(budget: 192 * 1024, maxSources: notIndexedApart ? 2 : 100);
        var model = new List<Held>();
        var clock = 0L;
        var checkedReads = 0;
        for (var step = 0; step < 1500; step++)
        {
            clock += random.Next(5);
            Append(log, random, model, clock);
            if (packing && random.Next(4) == 0)
            {
                log.Pack(random.Next(1, 4));
            }

            if (step % 5 == 0)
            {
                Check(log, random, model, clock);
                checkedReads++;
            }
        }

        Assert.True(log.Log.Evicted > 0, "the log never overflowed");
        Assert.Equal(300, checkedReads);
        Assert.Equal(packing, log.Codec.Unpacked > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reads_WhileOthersAppendAndEvict_AreInOrderAndWhole(bool packing)
    {
        var log = new LogFixture(budget: 512 * 1024);
        using var done = new CancellationTokenSource();
        var written = 0L;
        var packer = Task.Run(() =>
        {
            while (packing && !done.IsCancellationRequested)
            {
                log.Pack(1);
            }
        }, TestContext.Current.CancellationToken);
        var writer = Task.Run(() =>
        {
            var random = new Random(7);
            while (!done.IsCancellationRequested)
            {
                for (var i = 0; i < 50; i++)
                {
                    var number = Interlocked.Increment(ref written);
                    log.AddLog(number % 50 == 0 ? "quiet" : "loud", "line", timestamp: number, size: random.Next(300));
                }

                log.Append();
            }
        }, TestContext.Current.CancellationToken);
        try
        {
            for (var round = 0; round < 300 || Volatile.Read(ref written) < 20_000; round++)
            {
                var before = Volatile.Read(ref written);
                foreach (var source in (string[])["quiet", "loud"])
                {
                    var newest = Timestamps(log, source, 20, descending: true);
                    Assert.Equal(newest.OrderDescending().Distinct(), newest);
                    Assert.All(newest.Zip(newest.Skip(1)), pair => Assert.InRange(pair.First - pair.Second, 1, source == "quiet" ? 50 : 2));
                    Assert.True(newest.Count == 20 || before < 5000, $"{newest.Count} of {source} after {before}");
                    var oldest = Timestamps(log, source, 20, descending: false);
                    Assert.Equal(oldest.Order().Distinct(), oldest);
                }
            }
        }
        finally
        {
            await done.CancelAsync();
            await writer;
            await packer;
        }

        Assert.Equal(packing, log.Codec.Unpacked > 0);

        Assert.True(log.Log.Evicted > 0, "the log never overflowed");
    }

    private static List<long> Timestamps(LogFixture log, string source, int limit, bool descending) =>
        [.. TimeReadTests.ReadAll(log.Log, new TimeReadRequest { SourceId = Encoding.UTF8.GetBytes(source), Limit = limit, Descending = descending })
            .Select(envelope => envelope.Timestamp)];

    private static void Append(LogFixture log, Random random, List<Held> model, long clock)
    {
        for (var count = random.Next(1, 12); count > 0; count--)
        {
            var source = random.Next(3) == 0 ? Sources[random.Next(Sources.Length)] : "loud";
            var timestamp = clock + (random.Next(10) == 0 ? random.Next(-200, 200) : 0);
            var text = model.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var type = EnvelopeType.Log;
            string[] names = [];
            if (random.Next(2) == 0)
            {
                log.AddLog(source, text, timestamp, random.Next(400), instance: text);
            }
            else
            {
                (type, names) = AddMetric(log, random, source, text, timestamp);
            }

            model.Add(new Held(source, text, timestamp, type, names));
        }

        log.Append();
    }

    private static (EnvelopeType Type, string[] Names) AddMetric(LogFixture log, Random random, string source, string instance, long timestamp)
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        var (sourceId, instanceId) = (Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(instance));
        if (random.Next(2) == 0)
        {
            var name = Names[random.Next(Names.Length)];
            EnvelopeWriter.Counter(writer, timestamp, sourceId, instanceId, Encoding.UTF8.GetBytes(name), 1);
            log.AddRaw(writer.WrittenSpan);
            return (EnvelopeType.Counter, [name]);
        }

        string[] names = [.. Names.Where(_ => random.Next(2) == 0)];
        EnvelopeWriter.Gauge(writer, timestamp, sourceId, instanceId, [.. names.Select(name => new GaugeMetric(name, 1, ""))]);
        log.AddRaw(writer.WrittenSpan);
        return (EnvelopeType.Gauge, names);
    }

    // What is held is asked of the log itself, position by position; the model says what each of them is.
    private static void Check(LogFixture log, Random random, List<Held> model, long clock)
    {
        var source = Sources[random.Next(Sources.Length)];
        var start = random.Next(2) == 0 ? long.MinValue : clock - random.Next(500);
        var end = random.Next(2) == 0 ? long.MaxValue : clock - random.Next(-50, 300);
        var types = random.Next(2) == 0 ? -1 : random.Next(1, 16);
        var name = random.Next(3) == 0 ? Names[random.Next(Names.Length)] : null;
        var descending = random.Next(2) == 0;
        var limit = random.Next(1, 60);
        var from = random.Next(3) == 0 ? random.Next(model.Count) : 0;
        var held = HeldPositions(log.Log);
        var matching = held
            .Where(position => position >= from)
            .Select(position => model[(int)(position - EnvelopeLog.FirstPosition)])
            .Where(row => row.Source == source && row.Timestamp >= start && row.Timestamp < end && (types & (1 << (int)row.Type)) != 0)
            .Where(row => name is null || row.Names.Contains(name));
        List<Held> ordered = [.. matching.OrderBy(row => row.Timestamp)]; // stable: by position where equal
        if (descending)
        {
            ordered.Reverse();
        }

        var expected = ordered.TakeWhile((row, i) => i < limit || row.Timestamp == ordered[limit - 1].Timestamp).Select(row => row.Instance);
        var read = TimeReadTests.ReadAll(log.Log, new TimeReadRequest
        {
            SourceId = Encoding.UTF8.GetBytes(source),
            Start = start,
            End = end,
            Types = types,
            Descending = descending,
            Limit = limit,
            FromPosition = from,
            Names = name is null ? null : NameFilter.TryCreate($"^{name}$", out _),
        });
        Assert.Equal(expected, read.Select(envelope => envelope.InstanceId));
        Assert.All(read, envelope => Assert.True(name is null || envelope.Gauge is null || envelope.Gauge.Metrics.Keys.Single() == name));
    }

    private static List<long> HeldPositions(EnvelopeLog log)
    {
        List<long> positions = [];
        lock (log.AppendGate)
        {
            foreach (var (segment, _) in log.Segments.List())
            {
                positions.AddRange(Enumerable.Range(0, segment.Count).Where(row => segment.Kinds[row] != RowKind.Dead).Select(segment.PositionOf));
            }
        }

        return positions;
    }

    private sealed record Held(string Source, string Instance, long Timestamp, EnvelopeType Type, string[] Names);
}
