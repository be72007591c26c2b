using System.Net;
using Loggregator.TestKit.WebSockets;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>Dopplers that come on the list and go off it while streams are read: nothing that works is touched.</summary>
public sealed class DopplerListTests : IAsyncLifetime
{
    private static readonly IPAddress[] Addresses = [.. Enumerable.Range(1, 3).Select(i => IPAddress.Parse($"127.0.0.{i}"))];
    private readonly List<FakeDoppler> _dopplers = [];
    private TrafficControllerHost _host = null!;
    private RawWebSocket _tail = null!;
    private IPAddress[] _listed = Addresses[..2];
    private int _lookups;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var address in Addresses)
        {
            _dopplers.Add(await FakeDoppler.StartAsync(address, _dopplers.Count == 0 ? 0 : _dopplers[0].Port));
        }

        _host = await TrafficControllerHost.StartAsync(
            [],
            options => (options.Dopplers, options.DnsRefresh) = ([$"dopplers.test:{_dopplers[0].Port}"], TimeSpan.FromMilliseconds(20)),
            wait: false,
            resolve: () =>
            {
                Interlocked.Increment(ref _lookups);
                return Volatile.Read(ref _listed);
            });
        _tail = await RawWebSocket.OpenAsync(_host.HttpPort, "/apps/a/stream", Cancel);
        await Eventually.TrueAsync(() => _dopplers[0].Subscriptions == 1 && _dopplers[1].Subscriptions == 1, "both that are listed are read");
    }

    public async ValueTask DisposeAsync()
    {
        _tail.Dispose();
        await Eventually.TrueAsync(() => _host.Counters.WebSocketStreams == 0, "the tail has ended");
        _host.AssertConservation();
        await _host.DisposeAsync();
        foreach (var doppler in _dopplers)
        {
            await doppler.DisposeAsync();
        }
    }

    [Fact]
    public async Task Doppler_ThatIsAdded_IsReadWithTheSameRequest_AndOthersKeepTheirStreams()
    {
        await ListAsync(0, 1, 2);
        await Eventually.TrueAsync(() => _dopplers[2].Subscriptions == 1, "the new one is read");
        Assert.All(_dopplers, doppler => Assert.Equal("a", Assert.Single(doppler.Opens).V1.AppID));
        await AssertReadAsync(0, 1, 2);
        Assert.Equal(3, _host.Counters.DopplerConnects);
    }

    [Fact]
    public async Task Doppler_ThatIsTakenOffButLives_IsReadOn_AlsoByNewStreams_AndIsNotDialledTwiceWhenItIsBack()
    {
        await ListAsync(1);
        await AssertReadAsync(0, 1);
        using (var other = await RawWebSocket.OpenAsync(_host.HttpPort, "/apps/b/stream", Cancel))
        {
            await Eventually.TrueAsync(() => _dopplers[0].Subscriptions == 2, "the new stream reads it too");
        }

        await Eventually.TrueAsync(() => _dopplers[0].Subscriptions == 1, "the other stream has ended");
        await ListAsync(0, 1);
        await AssertReadAsync(0, 1);
        Assert.Equal((1, 2), (_dopplers[0].Attachments, _host.Counters.DopplerConnects));
    }

    [Fact]
    public async Task Doppler_ThatIsTakenOffAndDies_IsNotDialledAgain_UntilItIsListedAgain()
    {
        await ListAsync(1);
        await _dopplers[0].KillAsync();
        await Eventually.TrueAsync(() => _host.Dopplers.Nodes.Length == 1, "it is forgotten");
        await _dopplers[0].RestartAsync();
        await AssertReadAsync(1);
        Assert.Equal(0, _dopplers[0].Attachments);

        await ListAsync(0, 1);
        await Eventually.TrueAsync(() => _dopplers[0].Subscriptions == 1, "it is read again");
        await AssertReadAsync(0, 1);
    }

    // When a lookup has begun after the next one, the list of the one before has been followed.
    private async Task ListAsync(params int[] dopplers)
    {
        Volatile.Write(ref _listed, [.. dopplers.Select(i => Addresses[i])]);
        var before = Volatile.Read(ref _lookups);
        await Eventually.TrueAsync(() => Volatile.Read(ref _lookups) >= before + 2, "the list is looked up");
    }

    private async Task AssertReadAsync(params int[] dopplers)
    {
        foreach (var i in dopplers)
        {
            _dopplers[i].Append(Sample.Log("a", $"of {i}"));
            Assert.Equal(Sample.V1(Sample.Log("a", $"of {i}")), await _tail.ReadAsync(ClientFrame.Binary, Cancel));
        }
    }
}
