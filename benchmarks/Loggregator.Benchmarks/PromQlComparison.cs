using System.Diagnostics;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;

namespace Loggregator.Benchmarks;

/// <summary>How long queries over series in memory take: the best and the median of several runs, and what one allocates.</summary>
internal static class PromQlComparison
{
    private const long Scrape = 15_000;
    private const long Hour = 3_600_000;

    public static async Task RunAsync()
    {
        var thousand = new ArraySeries(1_000, 2 * Hour);
        await MeasureAsync("instant, rate over 1,000 series", engine => engine.QueryAsync(thousand, "rate(requests_total[5m])", 2 * Hour, default));
        await MeasureAsync("range 1 h at 15 s, rate over 1,000 series", engine => engine.QueryRangeAsync(thousand, "rate(requests_total[5m])", Hour, 2 * Hour, Scrape, default));
        await MeasureAsync("the same, sum by job of it", engine => engine.QueryRangeAsync(thousand, "sum by (job) (rate(requests_total[5m]))", Hour, 2 * Hour, Scrape, default));
        var many = new ArraySeries(100_000, 5 * 60_000);
        await MeasureAsync("instant, sum by job over 100,000 series", engine => engine.QueryAsync(many, "sum by (job) (requests_total)", 5 * 60_000, default));
        await MeasureAsync("instant, sum by job of rate over 100,000 series", engine => engine.QueryAsync(many, "sum by (job) (rate(requests_total[5m]))", 5 * 60_000, default));
    }

    private static async Task MeasureAsync(string name, Func<Engine, ValueTask<QueryResult>> query)
    {
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var times = new List<double>();
        long allocated = 0;
        for (var i = 0; i < 15; i++)
        {
            var (before, watch) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.StartNew());
            var result = await query(engine);
            times.Add(watch.Elapsed.TotalMilliseconds);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            GC.KeepAlive(result);
        }

        times.Sort();
        Console.WriteLine($"{name}: best {times[0]:F1} ms, median {times[times.Count / 2]:F1} ms, {allocated / 1048576.0:F1} MiB allocated");
    }

    private sealed class ArraySeries : ISeriesReader
    {
        private readonly SelectedSeries _all;

        public ArraySeries(int count, long until)
        {
            var samples = Enumerable.Range(0, (int)(until / Scrape) + 1).Select(i => new Sample(i * Scrape, i * 7.0)).ToArray();
            var series = Enumerable.Range(0, count).Select(i => new Series(
                Labels.Of([new("__name__", "requests_total"), new("instance", $"{i:D6}"), new("job", $"job-{i % 10}")]), samples));
            _all = new SelectedSeries([.. series], []);
        }

        public ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel) => ValueTask.FromResult(_all);
    }
}
