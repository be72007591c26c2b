using System.Text;
using Loggregator.TestKit.Originals;
using Loggregator.TestKit.WebSockets;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>A Traffic Controller over original Dopplers; after each test all sessions have ended and the account balances.</summary>
public abstract class OriginalsTest : IAsyncDisposable
{
    internal List<OriginalDoppler> Originals { get; } = [];

    internal TrafficControllerHost Host { get; private protected set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Eventually.TrueAsync(() => Host.Counters is { WebSocketStreams: 0, AppStreams: 0, Firehoses: 0 }, "all sessions have ended");
        Host.AssertConservation();
        await Host.DisposeAsync();
        foreach (var original in Originals)
        {
            await original.DisposeAsync();
        }
    }

    protected static byte[] Payload(int i) => [0x0A, 0x01, (byte)'o', 0x10, 0x05, .. Encoding.ASCII.GetBytes($"payload-{i}")];

    internal async Task StartAsync(int originals, TimeProvider? time = null, params FakeDoppler[] ours)
    {
        for (var i = 0; i < originals; i++)
        {
            Originals.Add(await OriginalDoppler.StartAsync());
        }

        Host = await TrafficControllerHost.StartAsync(ours, options => options.OriginalDopplers = [.. Originals.Select(original => original.Address)], time);
    }

    protected async Task<RawWebSocket> OpenAsync(string path, int? receiveBuffer = null)
    {
        var client = await RawWebSocket.OpenAsync(Host.HttpPort, path, Cancel, receiveBuffer);
        Assert.StartsWith("HTTP/1.1 101 ", client.Head, StringComparison.Ordinal);
        return client;
    }

    protected Task SubscribedAsync(int each) =>
        Eventually.TrueAsync(() => Originals.TrueForAll(original => original.Subscriptions == each), $"each original has {each} subscriptions");
}
