using Loggregator.Commands;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class MetricTextTests
{
    [Theory]
    [InlineData("cpu=12.5percent", "cpu", 12.5, "percent")]
    [InlineData("load=-0.7", "load", -0.7, "")]
    [InlineData("memory=3e6 bytes", "memory", 3e6, "bytes")]
    public void Gauge_NameValueUnit_IsRead(string text, string name, double value, string unit)
    {
        Assert.True(MetricText.TryGauge(text, out var metric));
        Assert.Equal((name, value, unit), (metric.Name, metric.Value, metric.Unit));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("=1")]
    [InlineData("cpu=fast")]
    public void Gauge_Nonsense_IsRefused(string text) => Assert.False(MetricText.TryGauge(text, out _));

    [Fact]
    public void Counter_NameAndDelta_AreRead()
    {
        Assert.True(MetricText.TryCounter("orders=3", out var name, out var delta));
        Assert.Equal(("orders", 3ul), (name, delta));
        Assert.False(MetricText.TryCounter("orders=-3", out _, out _));
    }

    [Fact]
    public void Event_BodyWithEqualsSign_IsKept()
    {
        Assert.True(MetricText.TryEvent("deployed=a=b", out var title, out var body));
        Assert.Equal(("deployed", "a=b"), (title, body));
    }
}
