using System.Globalization;
using Loggregator.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>
/// Seeded appends of both classes against lists that forget nothing. After each: what was appended is held or evicted, a class within its
/// guaranteed part lost nothing, a source keeps its newest and no less than its floor.
/// </summary>
public sealed class LogBudgetModelTests
{
    private const int Budget = 2 << 20, MaxRow = 3000, RowCharge = 24, MinSources = 5, MaxSources = 60;

    [Theory]
    [InlineData(1, 25)]
    [InlineData(2, 25)]
    [InlineData(3, 10)]
    [InlineData(4, 90)]
    [InlineData(5, 50)]
    [InlineData(6, 25)]
    [InlineData(7, 75)]
    [InlineData(8, 25)]
    [InlineData(9, 25, 90)]
    [InlineData(10, 50, 50)]
    [InlineData(11, 10, 80)]
    [InlineData(12, 90, 95)]
    [InlineData(13, 25, 20)]
    public void Classes_UnderAnyTraffic_KeepTheirGuaranteeTheirFloorsAndTheirBooks(int seed, int metricPercent, int packing = 0)
    {
        var random = new Random(seed);
        var log = new LogFixture(Budget, metricPercent: metricPercent);
        var sent = new Dictionary<(string Source, EnvelopeClass Class), List<int>>();
        var evicted = new long[2];
        var numbers = 0;
        for (var phase = 0; phase < 40; phase++)
        {
            var metrics = random.Next(4) switch { 0 => 0, 1 => 100, 2 => 1, _ => random.Next(100) }; // percent of this phase
            var loud = random.Next(20, 100);
            var sources = random.Next(MinSources, MaxSources);
            var size = random.Next(10) == 0 ? MaxRow - 200 : random.Next(10, 800);
            for (var step = random.Next(10, 120); step > 0; step--)
            {
                for (var count = random.Next(1, 40); count > 0; count--)
                {
                    var source = "s" + (random.Next(100) < loud ? random.Next(3) : random.Next(sources)).ToString(CultureInfo.InvariantCulture);
                    var kind = random.Next(100) < metrics ? EnvelopeClass.Metrics : EnvelopeClass.Logs;
                    Add(log, source, kind, numbers, random.Next(1, size));
                    (sent.TryGetValue((source, kind), out var list) ? list : sent[(source, kind)] = []).Add(numbers++);
                }

                log.Append();
                while (random.Next(100) < packing && log.Pack(1) > 0)
                {
                }

                foreach (var kind in Enum.GetValues<EnvelopeClass>())
                {
                    var usage = log.Log.Usage(kind);
                    Assert.Equal(usage.Envelopes, usage.HeldEnvelopes + usage.EvictedEnvelopes);
                    Assert.Equal(usage.Bytes, usage.HeldBytes + usage.EvictedBytes);
                    var charge = usage.HeldBytes + (RowCharge * usage.HeldEnvelopes);
                    Assert.True(
                        usage.EvictedEnvelopes == evicted[(int)kind] || charge > (usage.Budget / 8 * 7) - MaxRow - RowCharge,
                        $"{kind} lost something and holds {charge} of {usage.Budget}");
                    evicted[(int)kind] = usage.EvictedEnvelopes;
                }

                Assert.True(log.Log.Used <= Budget, $"{log.Log.Used} bytes are used");
            }

            CheckSources(log, sent);
        }

        Assert.All(evicted, count => Assert.True(count > 0, "a class never overflowed"));
        CheckContents(log, sent);
    }

    private static void Add(LogFixture log, string source, EnvelopeClass kind, int number, int size)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        if (kind == EnvelopeClass.Logs)
        {
            log.AddLog(source, text, size: size);
        }
        else
        {
            log.AddCounter(source, text.PadRight(size));
        }
    }

    private static void CheckSources(LogFixture log, Dictionary<(string Source, EnvelopeClass Class), List<int>> sent)
    {
        var listed = new LogSources(log.Log).List(_ => true).ToDictionary(source => System.Text.Encoding.UTF8.GetString(source.SourceId));
        foreach (var kind in Enum.GetValues<EnvelopeClass>())
        {
            var usage = log.Log.Usage(kind);
            var shares = listed.ToDictionary(pair => pair.Key, pair => kind == EnvelopeClass.Logs ? pair.Value.Logs : pair.Value.Metrics);
            Assert.Equal(usage.HeldEnvelopes, shares.Values.Sum(share => share.HeldEnvelopes));
            Assert.Equal(usage.HeldBytes, shares.Values.Sum(share => share.HeldBytes));
            Assert.Equal(usage.EvictedEnvelopes, shares.Values.Sum(share => share.Evicted));
            var everLive = sent.Keys.Count(key => key.Class == kind);
            var floor = everLive == 0 ? 0 : Math.Min(1 << 20, usage.Budget / 2 / everLive);
            foreach (var (source, share) in shares.Where(pair => pair.Value.Evicted > 0))
            {
                var charge = share.HeldBytes + (RowCharge * share.HeldEnvelopes);
                Assert.True(charge > floor - MaxRow - RowCharge, $"{source}: {kind} lost {share.Evicted} and holds {charge}; its floor is {floor}");
            }
        }
    }

    // What is held of a source is the newest of what it sent, in order.
    private static void CheckContents(LogFixture log, Dictionary<(string Source, EnvelopeClass Class), List<int>> sent)
    {
        using var consumer = log.Consumer();
        consumer.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(AnyLog, AnyCounter),
            Start = SubscriptionStart.After,
            ReadBefore = long.MaxValue,
            Credit = long.MaxValue / 2,
        });
        var held = new RecordingFrame().ReadAll(consumer).Of(1).Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)).ToHashSet();
        foreach (var ((source, kind), numbers) in sent)
        {
            var kept = numbers.Count(held.Contains);
            Assert.True(numbers.TakeLast(kept).All(held.Contains), $"{source}: of its {kind} not the newest {kept} are held");
        }

        var usages = Enum.GetValues<EnvelopeClass>().Select(log.Log.Usage).ToArray();
        Assert.Equal(usages.Sum(usage => usage.HeldEnvelopes), held.Count);
        Assert.Equal(sent.Values.Sum(numbers => numbers.Count), usages.Sum(usage => usage.Envelopes));
    }
}
