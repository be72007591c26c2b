using System.Text.Json;
using Loggregator.Client.Connect;
using Loggregator.Hosting.Telemetry;
using Loggregator.Roles;
using Loggregator.TrafficController;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Exe;

public sealed class SelfMetricsTests
{
    [Fact(Timeout = 120_000)]
    public async Task Dev_DopplersOwnNumbers_AreTailedUnderTheIdentityOfTheOriginal()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var dev = await DevProcess.StartAsync();
        using var tail = DevProcess.Start("tail", "doppler", "--url", dev.Url, "--type", "counter,gauge", "--format", "json");
        _ = tail.StandardError.ReadToEndAsync(cancel);
        JsonElement? ingress = null, subscriptions = null;
        while (ingress is null || subscriptions is null)
        {
            using var envelope = JsonDocument.Parse(await tail.StandardOutput.ReadLineAsync(cancel) ?? throw new EndOfStreamException("The tail ended."));
            var root = envelope.RootElement;
            if (root.TryGetProperty("counter", out var counter) && counter.GetProperty("name").GetString() == "ingress")
            {
                ingress = root.Clone();
            }
            else if (root.TryGetProperty("gauge", out var gauge) && gauge.GetProperty("metrics").TryGetProperty("subscriptions", out _))
            {
                subscriptions = root.Clone();
            }
        }

        foreach (var envelope in new[] { ingress.Value, subscriptions.Value })
        {
            Assert.Equal("doppler", envelope.GetProperty("source_id").GetString());
            Assert.Equal("loggregator.doppler", envelope.GetProperty("tags").GetProperty("origin").GetString());
            Assert.Equal("2.0", envelope.GetProperty("tags").GetProperty("metric_version").GetString());
        }

        Assert.Equal("subscriptions", subscriptions.Value.GetProperty("gauge").GetProperty("metrics").GetProperty("subscriptions").GetProperty("unit").GetString());
        Assert.Equal(0, await DevProcess.TerminateAsync(tail));
        Assert.Equal(0, await dev.TerminateAsync());
    }

    [Fact]
    public async Task Event_OfTheTrafficController_ReachesTheAgentAtOnceAndWithoutTags()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(options => options.Dopplers = [doppler.Address]);
        await using var services = new ServiceCollection().AddSingleton<TrafficControllerEvents>().AddSingleton<TrafficControllerCounters>().BuildServiceProvider();
        var report = SelfReports.Of("TrafficController").Single(report => report.Events is not null);
        using var emitter = new SelfMetricsEmitter(report, agent.Address, new PeerConnector(), services, TimeProvider.System);
        await emitter.StartAsync(TestContext.Current.CancellationToken);
        services.GetRequiredService<TrafficControllerEvents>().Add(new SelfEvent("title", "body"));
        await doppler.WaitForAsync(got => got.Count == 1, "the event, for which no interval has to pass");
        await emitter.StopAsync(TestContext.Current.CancellationToken);

        var told = Protocol.V2.Envelope.Parser.ParseFrom(doppler.Received[0].Bytes);
        Assert.Equal(("traffic_controller", "title", "body"), (told.SourceId, told.Event.Title, told.Event.Body));
        Assert.NotEqual(0, told.Timestamp);
        Assert.Empty(told.Tags);
        Assert.Empty(told.DeprecatedTags);
        await agent.UntilAsync(() => agent.Counters.Confirmed == 1, "its answer");
    }
}
