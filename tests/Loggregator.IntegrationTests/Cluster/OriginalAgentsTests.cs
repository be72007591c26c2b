using System.Globalization;
using Loggregator.IntegrationTests.Doppler.V1;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Originals;
using Loggregator.TestKit.WebSockets;
using Xunit;
using V1 = Loggregator.Protocol.Dropsonde;

namespace Loggregator.IntegrationTests.Cluster;

/// <summary>Our Dopplers and Traffic Controllers under original agents: both versions at once, each envelope at a Doppler drawn by lot.</summary>
public sealed class OriginalAgentsTests : ClusterTest
{
    private const int Lines = 600; // of each version

    [Fact(Timeout = 120_000)]
    public async Task Envelopes_OfBothVersionsAtRandomDopplers_ReachReadersOfBothOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 3, Agents = 0, TrafficControllers = 1, MutualTls = true });
        var controller = cluster.TrafficControllers[0];
        var v2 = cluster.Consume(controller, GrpcConsumer.Logs("app")).Tally;
        await cluster.SubscribedAsync(1, cancel);
        using var tail = await RawWebSocket.OpenAsync(controller.HttpPort, "/apps/app/stream", cancel);
        using var one = await RawWebSocket.OpenAsync(controller.HttpPort, "/firehose/shared", cancel);
        using var two = await RawWebSocket.OpenAsync(controller.HttpPort, "/firehose/shared", cancel);
        await cluster.SubscribedAsync(4, cancel);

        using (var agent = new OriginalAgent(cluster.Dopplers.Select(doppler => cluster.Open(doppler, "agent")), seed: 1))
        {
            await Task.WhenAll(PushAsync(agent, cancel), SendAsync(agent, cancel));
            string[] all = [.. Enumerable.Range(0, 2 * Lines).Select(Text).Order()];
            Assert.Equal(all, (await ReadAsync(tail, 2 * Lines, cancel)).Order());
            var shares = await ReadUntilAsync(2 * Lines, cancel, one, two);
            Assert.Equal(all, shares.SelectMany(share => share).Order());
            Assert.All(shares, share => Assert.InRange(share.Count, Lines / 2, 3 * Lines / 2)); // even odds
            await v2.LinesAsync(2 * Lines, cancel);
        }

        Assert.Empty(v2.Missing("app", 2 * Lines));
        Assert.All(cluster.Dopplers, doppler => Assert.True(Received(doppler) > 0, $"{doppler.Name} got nothing."));
    }

    private static long Received(ClusterRole doppler) =>
        ((Loggregator.Doppler.DopplerCounters)doppler.Services.GetService(typeof(Loggregator.Doppler.DopplerCounters))!).Received;

    // Even numbers as version 1, odd ones as version 2.
    private static async Task PushAsync(OriginalAgent agent, CancellationToken cancel)
    {
        for (var i = 0; i < Lines; i++)
        {
            var line = SomeV1.Log("app", Text(2 * i));
            line.LogMessage.SourceInstance = "0";
            await agent.PushAsync(line, cancel);
        }
    }

    private static async Task SendAsync(OriginalAgent agent, CancellationToken cancel)
    {
        foreach (var batch in Enumerable.Range(0, Lines).Select(i => Numbered.Line("app", "0", (2 * i) + 1)).Chunk(7))
        {
            await agent.SendAsync(batch, cancel);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<List<string>> ReadAsync(RawWebSocket client, int count, CancellationToken cancel)
    {
        List<string> read = [];
        while (read.Count < count)
        {
            read.Add(V1Reader.NameOf(V1.Envelope.Parser.ParseFrom(await client.ReadAsync(ClientFrame.Binary, cancel))));
        }

        return read;
    }

    private static async Task<List<string>[]> ReadUntilAsync(int count, CancellationToken cancel, params RawWebSocket[] clients)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var left = count;
        async Task<List<string>> ReadShareAsync(RawWebSocket client)
        {
            List<string> share = [];
            try
            {
                while (true)
                {
                    share.AddRange(await ReadAsync(client, 1, enough.Token));
                    if (Interlocked.Decrement(ref left) == 0)
                    {
                        await enough.CancelAsync();
                    }
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return share;
            }
        }

        return await Task.WhenAll(clients.Select(ReadShareAsync));
    }
}
