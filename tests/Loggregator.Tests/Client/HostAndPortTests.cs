using Loggregator.Client.Connect;
using Xunit;

namespace Loggregator.Tests.Client;

public sealed class HostAndPortTests
{
    [Theory]
    [InlineData("10.0.0.4:8082", "10.0.0.4", 8082)]
    [InlineData("[::1]:0", "::1", 0)]
    [InlineData("doppler.internal:65535", "doppler.internal", 65535)]
    public void Parse_Address_RoundTrips(string text, string host, int port)
    {
        Assert.True(HostAndPort.TryParse(text, out var address));
        Assert.Equal(new HostAndPort(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("host")]
    [InlineData(":8082")]
    [InlineData("host:")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    [InlineData("::1:8082")]
    public void Parse_Nonsense_IsRefused(string? text) => Assert.False(HostAndPort.TryParse(text, out _));

    [Theory]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("localhost:1", true)]
    [InlineData("LocalHost:1", true)]
    [InlineData("[::1]:1", true)]
    [InlineData("0.0.0.0:1", false)]
    [InlineData("10.0.0.1:1", false)]
    public void IsLoopback_Address_IsTold(string text, bool expected) => Assert.Equal(expected, HostAndPort.Parse(text).IsLoopback);
}
