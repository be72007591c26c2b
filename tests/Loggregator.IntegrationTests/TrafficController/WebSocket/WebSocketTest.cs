using Loggregator.TestKit.WebSockets;
using Loggregator.TrafficController;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>A Traffic Controller over one fake Doppler; after each test all sessions have ended and the account balances.</summary>
public abstract class WebSocketTest : IAsyncDisposable
{
    private readonly List<RawWebSocket> _clients = [];

    internal FakeDoppler Doppler { get; private set; } = null!;

    internal TrafficControllerHost Host { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _clients.ForEach(client => client.Dispose());
        if (Host is not null)
        {
            if (TestContext.Current.TestState?.Result != TestResult.Failed)
            {
                await Eventually.TrueAsync(() => Host.Counters is { WebSocketStreams: 0, AppStreams: 0, Firehoses: 0 }, "all sessions have ended");
                Host.AssertConservation();
            }

            await Host.DisposeAsync();
            await Doppler.DisposeAsync();
        }
    }

    internal async Task StartAsync(TimeProvider? time = null, Action<TrafficControllerOptions>? configure = null)
    {
        Doppler = await FakeDoppler.StartAsync();
        Host = await TrafficControllerHost.StartAsync([Doppler], configure, time);
    }

    /// <summary>Opens a session and waits until it is subscribed.</summary>
    protected async Task<RawWebSocket> OpenAsync(string path, int? receiveBuffer = null, params string[] headers)
    {
        var before = Host.Counters.WebSocketStreams;
        var client = await RawWebSocket.OpenAsync(Host.HttpPort, path, Cancel, receiveBuffer, headers);
        _clients.Add(client);
        Assert.StartsWith("HTTP/1.1 101 ", client.Head, StringComparison.Ordinal);
        Assert.Equal(ClientFrame.Ping, (await client.ReadAsync(Cancel))!.Value.Opcode);
        await Eventually.TrueAsync(() => Doppler.Subscriptions > 0 && Host.Counters.WebSocketStreams > before, "the session is subscribed");
        return client;
    }

    protected static async Task AdvanceUntilAsync(FakeTimeProvider time, Task task)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel));
        }
    }
}
