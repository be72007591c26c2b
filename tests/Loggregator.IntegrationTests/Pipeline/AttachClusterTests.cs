using Grpc.Core;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.IntegrationTests.TrafficController.Attach;
using Loggregator.Protocol.Internal;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Pipeline;

public sealed class AttachClusterTests : ClusterTest
{
    private const ulong Window = 256 * 1024;
    private static readonly string[] Sources = ["app-0", "app-1", "app-2", "app-3", "app-4", "app-5"];

    [Fact(Timeout = 120_000)]
    public async Task Firehose_AttachedToATrafficController_IsCompleteOverThreeDopplers()
    {
        const int Lines = 2_000;
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { TrafficControllers = 1, MutualTls = true });
        using var channel = cluster.Open(cluster.TrafficControllers[0]);
        using var reader = await AttachReader.ConnectAsync(channel);
        var firehose = await reader.OpenAsync(AttachReader.Logs(1, Window), keep: true);
        await cluster.SubscribedAsync(1, cancel);
        foreach (var agent in cluster.Agents)
        {
            var producer = cluster.Produce(agent);
            foreach (var source in Sources)
            {
                await producer.SendAsync(source, 0, Lines, cancel, instance: agent.Name);
            }
        }

        var expected = Lines * Sources.Length * cluster.Agents.Count;
        await reader.UntilAsync(() => firehose.Tally.Lines >= expected);
        foreach (var agent in cluster.Agents)
        {
            Assert.All(Sources, source => Assert.Null(firehose.Tally.NotInOrder(source, Lines, agent.Name)));
        }

        Assert.Equal((expected, 0L), (firehose.Tally.Lines, firehose.Tally.Lost()));
        await reader.CompleteAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task History_ThenLive_UnderLoad_HasNoSeam()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1, TrafficControllers = 1 });
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources);
        await load.MoreAsync(2_000, cancel);
        using var channel = cluster.Open(cluster.TrafficControllers[0]);
        using var reader = await AttachReader.ConnectAsync(channel);
        var open = AttachReader.Logs(1, Window, Sources[0], Sources[1]);
        open.Start = new Start { Last = 400 };
        var part = await reader.OpenAsync(open, keep: true);
        await reader.UntilAsync(() => part.Live);
        var history = part.Tally.Lines;
        await load.MoreAsync(2_000, cancel);
        await load.StopAsync();
        foreach (var source in Sources[..2])
        {
            await reader.UntilAsync(() => part.Tally.Numbers(source) is [.., var newest] && newest == load.Accepted(source) - 1);
            var numbers = part.Tally.Numbers(source);
            Assert.Equal(Enumerable.Range((int)numbers[0], numbers.Count).Select(number => (long)number), numbers);
        }

        Assert.True(history >= 400, $"{history} lines of history");
        Assert.Equal(0, part.Tally.Lost());
        await reader.CompleteAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task TrafficController_Restarted_IsReadOnFromTheCursor_WithoutLossOrCopy()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        var controller = cluster.TrafficControllers[0];
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources);
        AttachedPart before;
        using (var channel = cluster.Open(controller))
        {
            using var reader = await AttachReader.ConnectAsync(channel);
            var open = AttachReader.Logs(1, Window);
            open.Start = new Start { Since = 0 };
            before = await reader.OpenAsync(open, keep: true);
            await reader.UntilAsync(() => before.Live && before.Tally.Lines > 500);
            await controller.StopAsync();
            await ReadOutAsync(reader);
        }

        await load.MoreAsync(1_000, cancel);
        await controller.StartAsync(cancel);
        await load.MoreAsync(1_000, cancel);
        await load.StopAsync();
        using (var channel = cluster.Open(controller))
        {
            using var reader = await AttachReader.ConnectAsync(channel);
            var open = AttachReader.Logs(1, Window);
            open.Start = new Start { Cursor = before.Cursor };
            var after = await reader.OpenAsync(open, keep: true);
            await reader.UntilAsync(() => before.Tally.Lines + after.Tally.Lines >= load.Total);
            Assert.All(Sources, source => Assert.Equal(
                Enumerable.Range(0, (int)load.Accepted(source)).Select(number => (long)number),
                before.Tally.Numbers(source).Concat(after.Tally.Numbers(source))));
            Assert.Equal(0, after.Tally.Lost());
            await reader.CompleteAsync();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Subscription_ThatDoesNotGrant_IsToldWhatItMissed_AndItsNeighbourMissesNothing()
    {
        const int Lines = 2_000, LineBytes = 2_048;
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 2,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["Doppler:LogBytes"] = $"{2 * 1024 * 1024}", ["TrafficController:ClientBytes"] = "65536" },
        });
        using var channel = cluster.Open(cluster.TrafficControllers[0]);
        using var reader = await AttachReader.ConnectAsync(channel);
        var stuck = await reader.OpenAsync(AttachReader.Logs(1, 0));
        var neighbour = await reader.OpenAsync(AttachReader.Logs(2, Window), keep: true);
        await cluster.SubscribedAsync(1, cancel); // shared, as long as both keep up
        var producer = cluster.Produce(cluster.Agents[0]);
        for (var sent = 0; sent < Lines; sent += 50)
        {
            foreach (var source in Sources)
            {
                await producer.SendAsync(source, sent, 50, cancel, bytes: LineBytes);
            }

            await reader.UntilAsync(() => neighbour.Tally.Lines == (sent + 50) * Sources.Length);
        }

        Assert.Equal(0, stuck.Tally.Lines);
        await reader.GrantAsync(1, 2 * Lines * LineBytes * (ulong)Sources.Length);
        await reader.UntilAsync(() => stuck.Tally.Lines + stuck.Tally.Lost() >= Lines * Sources.Length);
        Assert.True(stuck.Tally.Lost(reason: "evicted") > 0, $"the log did not overflow: {stuck}");
        Assert.All(Sources, source => Assert.Equal(Lines, stuck.Tally.Distinct(source) + stuck.Tally.Lost(source)));
        Assert.Equal(0, stuck.Tally.Copies + neighbour.Tally.Lost());
        Assert.All(Sources, source => Assert.Null(neighbour.Tally.NotInOrder(source, Lines)));
        await reader.CompleteAsync();
    }

    [Fact]
    public async Task Attach_IsForReaders_AndNobodyElse()
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1, MutualTls = true });
        foreach (var role in (string[])["client", "nozzle", "traffic-controller"])
        {
            using var channel = cluster.Open(cluster.TrafficControllers[0], role);
            using var reader = await AttachReader.ConnectAsync(channel);
            Assert.True(reader.Hello!.TrafficController);
            await reader.CompleteAsync();
        }

        foreach (var role in (string[])["agent", "doppler"])
        {
            using var channel = cluster.Open(cluster.TrafficControllers[0], role);
            var refused = await Assert.ThrowsAsync<RpcException>(() => AttachReader.ConnectAsync(channel));
            Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        }
    }

    // Until the role has ended the stream, or the connection that it came by.
    private static async Task ReadOutAsync(AttachReader reader)
    {
        try
        {
            while (await reader.NextAsync())
            {
            }
        }
        catch (RpcException)
        {
            // It did not wait for us to read its last words.
        }
    }
}
