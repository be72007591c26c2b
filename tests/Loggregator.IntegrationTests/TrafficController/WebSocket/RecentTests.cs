using System.Net;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Xunit;
using V1 = Loggregator.Protocol.Dropsonde;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>The requests of old clients for what is recent; answers are read as noaa reads them.</summary>
public sealed class RecentTests : ClusterTest
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task RecentLogs_AreTheNewestLinesFirst()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        var producer = cluster.Produce(cluster.Agents[0]);
        await producer.SendAsync("app", 0, 30, cancel);
        await producer.SendAsync("other", 0, 5, cancel);
        var logs = await UntilAsync(cluster, "/apps/app/recentlogs", 30);
        Assert.All(logs, log => Assert.Equal("app", log.LogMessage.AppId));
        Assert.Equal(logs.OrderByDescending(log => log.Timestamp).Select(log => log.Timestamp), logs.Select(log => log.Timestamp));

        Assert.Equal(logs[..7], await ReadAsync(cluster, "/apps/app/recentlogs?limit=7"));
        Assert.Equal(30, (await ReadAsync(cluster, "/apps/app/recentlogs?limit=-1")).Count);
        Assert.Empty(await ReadAsync(cluster, "/apps/unknown/recentlogs"));
    }

    [Fact(Timeout = 120_000)]
    public async Task ContainerMetrics_AreTheNewestOfEachInstance()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        var producer = cluster.Produce(cluster.Agents[0]);
        var metrics = Enumerable.Range(0, 9).Select(i => Container("app", $"{i % 3}", cpu: i, timestamp: 1000 + i));
        await producer.SendAsync([.. metrics, new Envelope { SourceId = "app", Gauge = new Gauge { Metrics = { ["other"] = new GaugeValue { Value = 1 } } } }], cancel);
        var newest = await UntilAsync(cluster, "/apps/app/containermetrics", 3, read => read.TrueForAll(e => e.ContainerMetric.CpuPercentage >= 6));
        Assert.Equal([(0, 6.0), (1, 7.0), (2, 8.0)], newest.Select(e => (e.ContainerMetric.InstanceIndex, e.ContainerMetric.CpuPercentage)).Order());
    }

    private static Envelope Container(string app, string instance, double cpu, long timestamp)
    {
        var gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Unit = "percentage", Value = cpu } } };
        foreach (var name in new[] { "memory", "disk", "memory_quota", "disk_quota" })
        {
            gauge.Metrics[name] = new GaugeValue { Unit = "bytes", Value = 1 };
        }

        return new Envelope { SourceId = app, InstanceId = instance, Timestamp = timestamp, Gauge = gauge };
    }

    private static async Task<List<V1.Envelope>> UntilAsync(InProcessCluster cluster, string path, int count, Func<List<V1.Envelope>, bool>? also = null)
    {
        List<V1.Envelope> read = [];
        await Deadline.UntilAsync(
            () => read.Count == count && (also is null || also(read)),
            () => $"{count} envelopes at {path}, there are {read.Count}",
            Cancel,
            each: async () => read = await ReadAsync(cluster, path));
        return read;
    }

    private static async Task<List<V1.Envelope>> ReadAsync(InProcessCluster cluster, string path)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}{path}"), Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var type = Assert.Single(response.Content.Headers.GetValues("Content-Type"));
        Assert.StartsWith("multipart/x-protobuf; boundary=", type, StringComparison.Ordinal);
        var body = await response.Content.ReadAsByteArrayAsync(Cancel);
        return Parts(body, "--" + type.Split("boundary=")[1]);
    }

    private static List<V1.Envelope> Parts(ReadOnlySpan<byte> body, string delimiter)
    {
        List<V1.Envelope> parts = [];
        var mark = System.Text.Encoding.ASCII.GetBytes(delimiter + "\r\n\r\n");
        var next = System.Text.Encoding.ASCII.GetBytes("\r\n" + delimiter);
        for (; body.StartsWith(mark); body = body[2..])
        {
            body = body[mark.Length..];
            var end = body.IndexOf(next);
            parts.Add(V1.Envelope.Parser.ParseFrom(body[..end]));
            body = body[end..];
        }

        Assert.Equal((parts.Count == 0 ? "\r\n" : "") + delimiter + "--\r\n", System.Text.Encoding.ASCII.GetString(body));
        return parts;
    }
}
