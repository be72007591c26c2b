using Loggregator.TestKit.WebSockets;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>Clients that do not read but may stay, and what they share with others.</summary>
public sealed class StandingClientTests : WebSocketTest
{
    private const string Path = "/apps/a/stream?slow-consumer=drop";
    private const int Half = 120; // envelopes; more than the sockets between server and client take
    private static readonly byte[] Large = Sample.BigLog("a", 70_000); // each alone in its frame, so that all pass the same places

    [Fact]
    public async Task Client_ThatCatchesUpWithOneThatStands_ReadsOn()
    {
        await StartAsync(configure: options => options.ClientBytes = 512 * 1024);
        using var first = await OpenAsync(Path, receiveBuffer: 4096);
        using var second = await OpenAsync(Path, receiveBuffer: 4096);
        Assert.Single(Doppler.Opens);
        Append(Half);
        await ReadAsync(first, Half);
        await Eventually.TrueAsync(() => Host.Counters.SlowClients > 0, "the second has left the shared subscription");
        Append(Half);
        await Host.WriteStandsStillAsync(); // now the first stands, with the shared subscription

        await ReadAsync(second, 2 * Half);
        await ReadAsync(first, Half);
    }

    [Fact]
    public async Task Client_ThatComesWhileAnotherStands_IsServedAndFromNowOn()
    {
        await StartAsync(configure: options => options.ClientBytes = 512 * 1024);
        using var standing = await OpenAsync(Path, receiveBuffer: 4096);
        Append(Half);
        await Host.WriteStandsStillAsync();
        using var client = await OpenAsync(Path);
        await Eventually.TrueAsync(() => Doppler.Subscriptions == 2, "it has a subscription of its own");
        Doppler.Append(Sample.Log("a", "now"));
        Assert.Equal(Sample.V1(Sample.Log("a", "now")), await client.ReadAsync(ClientFrame.Binary, Cancel));

        // The one that stood comes along, and they share again.
        await ReadAsync(standing, Half);
        Assert.Equal(Sample.V1(Sample.Log("a", "now")), await standing.ReadAsync(ClientFrame.Binary, Cancel));
        Doppler.Append(Sample.Log("a", "both"));
        await Eventually.TrueAsync(() => Doppler.Subscriptions == 1, "they share a subscription");
        Assert.Equal(Sample.V1(Sample.Log("a", "both")), await client.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Equal(Sample.V1(Sample.Log("a", "both")), await standing.ReadAsync(ClientFrame.Binary, Cancel));
    }

    private void Append(int count) => Doppler.Append([.. Enumerable.Repeat(Large, count)]);

    private static async Task ReadAsync(RawWebSocket client, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(Sample.V1(Large).Length, (await client.ReadAsync(ClientFrame.Binary, Cancel)).Length);
        }
    }
}
