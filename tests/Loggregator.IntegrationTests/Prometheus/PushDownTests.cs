using System.Globalization;
using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Metrics;
using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Aggregations that the Dopplers carry out come to what they come to over all of their series.</summary>
public sealed class PushDownTests : MetricsTest
{
    private const int Seconds = 60;
    private static readonly string[] Selectors =
    [
        "requests_total", "requests_total{zone=\"a\"}", "load", "load{source_id=~\"app-[0-3]\"}", "http_requests_total", "{__name__=~\"load|requests_total\"}", "odd_name",
    ];

    private static readonly string[] Groupings = ["", " by (zone)", " without (zone)", " by (source_id)", " by (source_id, instance_id, zone)", " by (status_class)"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Aggregation_CarriedOutByDopplers_EqualsThatOfAllSeries(int seed)
    {
        await StartAsync(dopplers: 3);
        var random = new Random(seed);
        await FillAsync(random);
        int pushed = 0, apart = 0, found = 0;
        for (var i = 0; i < 150; i++)
        {
            var query = Query(random);
            var range = random.Next(2) == 0;
            Task<QueryResult> RunAsync(ISeriesReader reader) => range
                ? new Engine(new EngineOptions(), TimeProvider.System).QueryRangeAsync(reader, query, Base * 1000, (Base + Seconds) * 1000, 7_000, Patience).AsTask()
                : new Engine(new EngineOptions(), TimeProvider.System).QueryAsync(reader, query, (Base + random.Next(Seconds)) * 1000, Patience).AsTask();
            var seedOfTime = random.Next();
            using var reading = Host.Metrics.Open(SourceScope.Everything);
            var counted = new CountedReader(reading);
            random = new Random(seedOfTime);
            var expected = await TryAsync(() => RunAsync(new PlainReader(reading)));
            random = new Random(seedOfTime);
            var got = await TryAsync(() => RunAsync(counted));
            AssertSame(query, expected, got);
            pushed += counted.Answered;
            apart += counted.Apart;
            found += expected.Result?.Series.Count > 0 ? 1 : 0;
        }

        Assert.InRange(pushed, 50, int.MaxValue);
        Assert.InRange(apart, 10, int.MaxValue);
        Assert.InRange(found, 50, int.MaxValue);
    }

    [Fact]
    public async Task Caller_GetsAggregatesOfWhatHeMaySee()
    {
        await StartAsync(dopplers: 2);
        await Dopplers[0].SendAsync(Gauge("mine", "load", 0, 1), Gauge("secret", "load", 0, 10), Gauge("both", "load", 0, 100));
        await Dopplers[1].SendAsync(Gauge("secret", "load", 1, 1000), Gauge("both", "load", 1, 300));
        Assert.Contains("\"1301\"", DataOf(await GetAsync("/prometheus/api/v1/query", "query", "sum(load)", "time", At(5))), StringComparison.Ordinal);
        var answer = await SendAsync(Get("/prometheus/api/v1/query", "query", "sum(load)", "time", At(5)), "mine,both");
        Assert.Contains("\"301\"", DataOf(answer), StringComparison.Ordinal);
        answer = await SendAsync(Get("/prometheus/api/v1/query", "query", "sum(load{source_id=\"secret\"})", "time", At(5)), "mine,both");
        Assert.DoesNotContain("value", DataOf(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DopplerThatIsGone_LeavesAPartialAggregate()
    {
        await StartAsync(dopplers: 2);
        await Dopplers[0].SendAsync(Gauge("a", "load", 0, 1));
        await Dopplers[1].SendAsync(Gauge("b", "load", 0, 10));
        await Dopplers[1].DisposeAsync();
        Dopplers.RemoveAt(1);
        var (status, body) = await GetAsync("/prometheus/api/v1/query", "query", "sum(load)", "time", At(5));
        Assert.Equal(200, status);
        Assert.Contains("\"1\"]", body, StringComparison.Ordinal);
        Assert.Contains("partial result: 1 of 2 Dopplers answered", body, StringComparison.Ordinal);
    }

    private static string Query(Random random)
    {
        string Pick(params string[] choices) => choices[random.Next(choices.Length)];
        var selector = Pick(Selectors);
        var inner = random.Next(4) switch
        {
            0 => selector + Pick("", " offset 10s", " offset -5s"),
            1 => $"{Pick("rate", "increase", "delta", "irate", "max_over_time", "avg_over_time", "count_over_time", "last_over_time")}({selector}[{Pick("20s", "45s", "5m")}]{Pick("", " @ end()")})",
            2 => $"{selector} * 2 > {random.Next(50)}",
            _ => $"abs({selector})",
        };
        return random.Next(4) == 0 ? $"{Pick("topk", "bottomk")}{Pick(Groupings)} ({random.Next(5)}, {inner})" : $"{Pick("sum", "avg", "count", "min", "max", "group")}{Pick(Groupings)} ({inner})";
    }

    // Counters with resets, gauges of all kinds, requests that every Doppler counts, names that come to the same: of sources that one Doppler holds, or several.
    private async Task FillAsync(Random random)
    {
        var sent = Dopplers.ConvertAll(_ => new List<Envelope>());
        for (var source = 0; source < 12; source++)
        {
            for (var instance = 0; instance < 3; instance++)
            {
                var (id, at, total) = ($"app-{source}", instance.ToString(CultureInfo.InvariantCulture), 0ul);
                var home = random.Next(3);
                var moves = random.Next(5) == 0 ? random.Next(Seconds) : int.MaxValue;
                for (var second = random.Next(5); second < Seconds; second += 1 + random.Next(8))
                {
                    var to = sent[second < moves ? home : (home + 1) % 3];
                    total = random.Next(15) == 0 ? 0 : total + (ulong)random.Next(20);
                    to.Add(Counter(id, "requests_total", second, total, at, ("zone", instance == 0 ? "a" : "b")));
                    to.Add(Gauge(id, "load", second, Value(random), at));
                    if (source == 3)
                    {
                        to.Add(Gauge(id, random.Next(2) == 0 ? "odd.name" : "odd-name", second, total, at));
                    }
                }

                if (source < 2)
                {
                    sent[random.Next(3)].AddRange(Enumerable.Range(0, 10).Select(i => Timer(id, random.Next(Seconds), 5 * i, at, ("method", "GET"), ("status_code", i < 7 ? "200" : "500"))));
                }
            }
        }

        foreach (var (doppler, envelopes) in Dopplers.Zip(sent))
        {
            await doppler.SendAsync([.. envelopes.OrderBy(envelope => envelope.Timestamp)]);
        }
    }

    private static double Value(Random random) => random.Next(30) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => 1e300,
        4 => Sample.Stale,
        _ => random.NextDouble() * 100,
    };

    private static async Task<(QueryResult? Result, string? Error)> TryAsync(Func<Task<QueryResult>> run)
    {
        try
        {
            return (await run(), null);
        }
        catch (PromQlException exception)
        {
            return (null, exception.Message);
        }
    }

    private static void AssertSame(string query, (QueryResult? Result, string? Error) expected, (QueryResult? Result, string? Error) got)
    {
        Assert.True(expected.Error == got.Error, $"{query}: '{got.Error}' instead of '{expected.Error}'");
        if (expected.Result is null)
        {
            return;
        }

        var values = got.Result!.Series.ToDictionary(series => series.Labels, series => series.Samples.ToArray());
        Assert.True(expected.Result.Series.Count == values.Count, $"{query}: {values.Count} series instead of {expected.Result.Series.Count}");
        foreach (var series in expected.Result.Series)
        {
            Assert.True(
                values.TryGetValue(series.Labels, out var samples) && samples.Length == series.Samples.Length
                && samples.Zip(series.Samples.ToArray()).All(pair => pair.First.Time == pair.Second.Time && Close(pair.First.Value, pair.Second.Value)),
                $"{query}: {series.Labels} is {string.Join(" ", samples ?? [])} instead of {string.Join(" ", series.Samples.ToArray())}");
        }
    }

    private static bool Close(double left, double right) => left.Equals(right) || Math.Abs(left - right) <= 1e-9 * Math.Max(Math.Abs(left), Math.Abs(right));

    private sealed class PlainReader(MetricReading reading) : ISeriesReader
    {
        public ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel) => reading.SelectAsync(selection, cancel);
    }

    private sealed class CountedReader(MetricReading reading) : IAggregateReader
    {
        public int Answered { get; private set; }

        public int Apart { get; private set; }

        public ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel) => reading.SelectAsync(selection, cancel);

        public async ValueTask<AggregatedSeries?> AggregateAsync(AggregateRequest request, SeriesSelection selection, CancellationToken cancel)
        {
            var answer = await reading.AggregateAsync(request, selection, cancel);
            Answered += answer is null ? 0 : 1;
            Apart += answer?.Rest.Count > 0 && answer.Parts.Any(part => part.Groups.Count > 0) ? 1 : 0;
            return answer;
        }
    }
}
