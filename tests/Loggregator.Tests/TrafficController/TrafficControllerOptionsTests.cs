using Loggregator.TrafficController;
using Xunit;

namespace Loggregator.Tests.TrafficController;

public sealed class TrafficControllerOptionsTests
{
    [Fact]
    public void Options_Defaults_AreValid() => Assert.Empty(new TrafficControllerOptions().Validate());

    [Theory]
    [InlineData("0.0.0.0:8081", false, false)]
    [InlineData("0.0.0.0:8081", true, true)]
    [InlineData("[::]:8081", false, false)]
    [InlineData("127.0.0.1:8081", false, true)]
    [InlineData("[::1]:8081", false, true)]
    [InlineData("localhost:0", false, true)]
    public void HttpListen_BeyondLoopback_NeedsTheFlag(string listen, bool flag, bool valid) =>
        Assert.Equal(valid, !new TrafficControllerOptions { HttpListen = listen, NoAccessControl = flag }.Validate().Any());

    [Fact]
    public void Options_FiveErrors_AreAllToldWithKeyAndCure()
    {
        var errors = new TrafficControllerOptions
        {
            HttpListen = "here",
            GrpcListen = ":99999",
            Dopplers = ["doppler"],
            Heartbeat = TimeSpan.Zero,
            MaxEgressStreams = -1,
        }.Validate().ToList();
        Assert.Equal(5, errors.Count);
        Assert.All(errors, error => Assert.StartsWith("TrafficController:", error, StringComparison.Ordinal));
        Assert.All(errors, error => Assert.Contains("give", error, StringComparison.Ordinal));
    }
}
