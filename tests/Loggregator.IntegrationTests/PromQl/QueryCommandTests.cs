using System.Globalization;
using Loggregator.Client;
using Loggregator.Commands;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.IntegrationTests.Exe;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.PromQl;

/// <summary><c>loggregator query</c> as a user runs it, over what a program has emitted to a cluster.</summary>
public sealed class QueryCommandTests : ClusterTest
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;
    private string _edge = "";

    [Fact(Timeout = 240_000)]
    public async Task Query_OfAProgramsMetrics_IsTableChartCsvAndSuggestion()
    {
        var last = await EmitAsync(TestContext.Current.CancellationToken);
        var at = (last / 1000m).ToString(Plain);

        Assert.Equal(
            (0, "instance_id  VALUE\n0             16.5\n1               34\n2             51.5\n3               69\n4             86.5\n", ""),
            await RunAsync("sum by (instance_id) (queue_depth)", "--time", at));

        var quantile = await RunAsync("histogram_quantile(0.5, http_request_duration_seconds_bucket{instance_id=\"4\",status_class=\"5xx\"})", "--time", at);
        Assert.Equal((0, "", "{instance_id=\"4\", method=\"GET\", source_id=\"shop\", status_class=\"5xx\"}"), (quantile.ExitCode, quantile.Error, quantile.Out.Split('\n')[1].Split("  ")[0]));

        var chart = await RunAsync("queue_depth", "--time", at, "--range", "30s", "--step", "1s", "--lines", "3");
        Assert.Equal((0, ""), (chart.ExitCode, chart.Error));
        Assert.Contains("queue_depth{source_id=\"shop\"}\ninstance_id  LAST", chart.Out, StringComparison.Ordinal);
        Assert.Contains("\nc 2          51.5  ", chart.Out, StringComparison.Ordinal);
        Assert.EndsWith("\n30s every 1s\n… and 2 more series; --lines says how many are shown\n", chart.Out, StringComparison.Ordinal);

        var time = DateTimeOffset.FromUnixTimeMilliseconds(last).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", Plain);
        Assert.Equal(
            (0, $"timestamp,value,__name__,instance_id,source_id\n{time},86.5,queue_depth,4,shop\n", ""),
            await RunAsync("queue_depth{instance_id=\"4\"}", "--time", at, "--format", "csv"));
        Assert.Equal(
            (0, $$"""{"resultType":"scalar","result":[{{at}},"5"]}""" + "\n", ""),
            await RunAsync("scalar(count(queue_depth))", "--time", at, "--format", "json"));

        // Names come within half a second or not at all, which a busy machine may miss.
        string[] suggested = [];
        var typed = $"loggregator query --url {_edge} queue";
        await Deadline.UntilAsync(() => suggested.Contains("queue_depth"), () => "the metric's name is suggested", TestContext.Current.CancellationToken, each: async () =>
            suggested = (await DevProcess.RunAsync(string.Create(Plain, $"[suggest:{typed.Length}]"), typed)).Out.Split('\n'));
    }

    [Fact(Timeout = 240_000)]
    public async Task Query_ThatTheServerRefuses_IsWrongUsage_AndOneThatFailsIsNot()
    {
        var last = await EmitAsync(TestContext.Current.CancellationToken);
        var refused = await RunAsync("queue_depth", "--range", "1h", "--step", "1ms");
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("loggregator query: exceeded maximum resolution of 11,000 points per timeseries", refused.Error, StringComparison.Ordinal);

        var experimental = await RunAsync("1 + sort_by_label(queue_depth, \"instance_id\")");
        Assert.Equal(2, experimental.ExitCode);
        Assert.EndsWith("\n  1 + sort_by_label(queue_depth, \"instance_id\")\n      ^\n", experimental.Error, StringComparison.Ordinal);

        var failed = await RunAsync("queue_depth * on (source_id) orders", "--time", (last / 1000m).ToString(Plain));
        Assert.Equal(1, failed.ExitCode);
        Assert.StartsWith("loggregator: found duplicate series for the match group {source_id=\"shop\"}", failed.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 240_000)]
    public async Task Watch_InAPipe_AsksAgainUntilItIsEnded()
    {
        await EmitAsync(TestContext.Current.CancellationToken);
        using var watch = DevProcess.Start("query", "count(release)", "--watch", "100ms", "--format", "json", "--url", _edge);
        for (var i = 0; i < 3; i++)
        {
            Assert.Matches("""^\{"resultType":"vector","result":\[\{"metric":\{\},"value":\[[0-9.]+,"5"\]\}\]\}$""", await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(0, await DevProcess.TerminateAsync(watch));
    }

    /// <summary>Has a shop emit, until all of it can be asked for, and returns when its last moment is over.</summary>
    private async Task<long> EmitAsync(CancellationToken cancel)
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        _edge = $"http://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}";
        await using var emitter = new Emitter(new EmitterOptions { Agent = cluster.Agents[0].GrpcAddress, SourceId = "shop" });
        var shop = new Shop(emitter, DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60));
        for (var step = 0; step < Shop.Steps; step++)
        {
            await shop.EmitAsync(step, cancel);
        }

        using var http = new HttpClient { BaseAddress = new Uri(_edge) };
        var client = new QueryClient(http);
        var last = shop.After(Shop.Steps - 1);
        var arrived = false;
        await Deadline.UntilAsync(() => arrived, () => "all has arrived: " + shop.Arrived, cancel, each: async () =>
        {
            var answer = await client.AskAsync(new QueryRequest(shop.Arrived, new QueryMoment(DateTimeOffset.FromUnixTimeMilliseconds(last), default), null, default), default, cancel);
            arrived = answer.Result.Series is [{ Samples: { Length: 1 } samples }] && samples.Span[0].Value is 1;
        });
        return last;
    }

    private async Task<(int ExitCode, string Out, string Error)> RunAsync(string query, params string[] arguments)
    {
        var ran = await DevProcess.RunAsync(["query", query, "--url", _edge, .. arguments]);
        return ran with { Out = string.Join('\n', ran.Out.Split('\n').Select(line => line.TrimEnd(' '))) };
    }
}
