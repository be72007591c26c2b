using System.Net;
using System.Net.Sockets;
using Loggregator.Client.Connect;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Client.Connect;

public sealed class DopplerDirectoryTests
{
    private readonly Dictionary<string, Func<IPAddress[]>> _names = [];

    [Fact]
    public void Current_Literals_AreKnownAtOnce()
    {
        var directory = Make("10.0.0.2:8082", "10.0.0.1:8082", "[::1]:9", "10.0.0.1:8082");

        Assert.Equal(["10.0.0.1:8082", "10.0.0.2:8082", "[::1]:9"], directory.Current);
    }

    [Fact]
    public async Task Refresh_NameChanges_IsTakenOverAndToldOnce()
    {
        var directory = Make("doppler.test:8082");
        var changes = 0;
        directory.Changed += () => changes++;
        Assert.Empty(directory.Current);

        _names["doppler.test"] = () => [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("10.0.0.1"), IPAddress.IPv6Loopback];
        await directory.RefreshAsync(TestContext.Current.CancellationToken);
        await directory.RefreshAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["10.0.0.1:8082", "10.0.0.2:8082", "[::1]:8082"], directory.Current);
        Assert.Equal(1, changes);

        _names["doppler.test"] = () => [IPAddress.Parse("10.0.0.3")];
        await directory.RefreshAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["10.0.0.3:8082"], directory.Current);
        Assert.Equal(2, changes);
    }

    [Fact]
    public async Task Refresh_LookupFails_KeepsTheLastAnswer()
    {
        var directory = Make("doppler.test:8082");
        _names["doppler.test"] = () => [IPAddress.Parse("10.0.0.1")];
        await directory.RefreshAsync(TestContext.Current.CancellationToken);

        _names["doppler.test"] = () => throw new SocketException((int)SocketError.HostNotFound);
        await directory.RefreshAsync(TestContext.Current.CancellationToken);
        _names["doppler.test"] = () => [];
        await directory.RefreshAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["10.0.0.1:8082"], directory.Current);
    }

    [Fact]
    public async Task Current_Localhost_IsOnePeerThatIsNotLookedUp()
    {
        var directory = Make("localhost:8082");
        Assert.Equal(["localhost:8082"], directory.Current);
        await directory.RefreshAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["localhost:8082"], directory.Current);
    }

    private DopplerDirectory Make(params string[] addresses) =>
        new(addresses, TimeSpan.FromSeconds(5), new FakeTimeProvider(), NullLogger.Instance, (name, _) => Task.FromResult(_names[name]()));
}
