using Loggregator.Load;
using Loggregator.Load.Sink;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Loggregator.IntegrationTests.Load;

public sealed class LoadRunTests : IAsyncLifetime
{
    private readonly WebApplication _sink = SinkCommand.Build(port: 0, credentials: null);

    public async ValueTask InitializeAsync() => await _sink.StartAsync();

    public async ValueTask DisposeAsync() => await _sink.DisposeAsync();

    [Fact]
    public async Task Run_AgainstASinkThatForwardsAll_AddsUpForEveryReader()
    {
        var report = await RunAsync(new LoadOptions { Rate = 5000, Connections = 2, Readers = 2, Sources = 20, Skew = 5 });
        Assert.True(report.Holds);
        Assert.Equal(2, report.Groups.Count);
        Assert.All(report.Groups, g => Assert.Equal((report.Sent.Envelopes, 0L, 0L), (g.Received, g.Missing, g.Duplicates)));
        Assert.All(report.Groups, g => Assert.True(g.Latency.Count > 0 && g.Latency.P50 <= g.Latency.P99 && g.Latency.P99 <= g.Latency.Max));
        Assert.Equal("loggregator-load", report.Processes[^1].Name);
    }

    [Fact]
    public async Task Run_OfHalfGauges_AddsUpForTheLogs()
    {
        var report = await RunAsync(new LoadOptions { Rate = 5000, Sources = 20, MetricsPercent = 50 });
        Assert.True(report.Holds);
        Assert.InRange(report.Sent.Gauges, (report.Sent.Envelopes / 2) - 20, (report.Sent.Envelopes / 2) + 20);
        Assert.Equal(report.Sent.Envelopes - report.Sent.Gauges, Assert.Single(report.Groups).Received);
    }

    [Fact]
    public async Task Run_WithReadersOfOneShard_CountsThemAsOne()
    {
        // The sink does not share among the members of a shard: each gets all, so that the group sees everything twice.
        var report = await RunAsync(new LoadOptions { Rate = 5000, Readers = 2, ShardId = "s", Sources = 20 });
        var group = Assert.Single(report.Groups);
        Assert.Equal((2, report.Sent.Envelopes), (group.Readers, group.Received));
        Assert.True(group.Duplicates > 0);
    }

    [Fact]
    public async Task Run_WithManyLinks_KeepsEachOnASchedule()
    {
        var report = await RunAsync(new LoadOptions { Rate = 2000, Connections = 20, Batch = 1, Sources = 20 });
        Assert.True(report.Holds);
        Assert.InRange(report.Sent.Envelopes + report.Sent.Owed, 1900, 2100);
    }

    [Fact]
    public async Task Run_WithAnUnknownType_IsRefused()
    {
        var options = new LoadOptions { Egress = ["127.0.0.1:1"], Types = ["nonsense"] };
        await Assert.ThrowsAsync<ArgumentException>(() => new LoadRun(options, "").RunAsync(TestContext.Current.CancellationToken));
    }

    private async Task<Loggregator.Load.Reporting.LoadReport> RunAsync(LoadOptions options)
    {
        var address = SinkCommand.Address(_sink);
        return await new LoadRun(
            options with
            {
                Ingress = [address],
                Egress = [address],
                Warmup = TimeSpan.FromMilliseconds(300),
                Duration = TimeSpan.FromMilliseconds(700),
            },
            "test").RunAsync(TestContext.Current.CancellationToken);
    }
}
