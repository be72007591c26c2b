using Loggregator.Nozzle;
using Loggregator.Nozzle.Sinks;
using Xunit;

namespace Loggregator.Tests.Nozzle.Sinks;

public sealed class SinkDefinitionTests
{
    [Theory]
    [InlineData("kafka://b1:9092,b2:9092/logs", "kafka-b1")]
    [InlineData("siem=syslog-tls://logs.example.com:6514", "siem")]
    [InlineData("file:///var/log/app.ndjson?sources=a=b", "file-app.ndjson")]
    [InlineData("stdout:", "stdout")]
    [InlineData("https-batch://h/secret#token=x", "https-batch-h")]
    public void Name_IsWhatStandsInFront_ElseMadeOfTheUrl(string sink, string name) => Assert.Equal(name, Assert.Single(Read([], sink)).Name);

    [Fact]
    public void TwoOfOneName_AndNamesThatAreNoFolders_AreErrorsWithTheCure()
    {
        var errors = new List<string>();
        Read(errors, "blackhole:", "blackhole:?mode=live", "../up=blackhole:", "..=blackhole:");
        Assert.Equal(3, errors.Count);
        Assert.Contains("there are two sinks 'blackhole'. Put another name in front of one: NAME=blackhole:", errors[0], StringComparison.Ordinal);
        Assert.All(errors.Skip(1), error => Assert.Contains("cannot be a sink's name", error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("blackhole:?sources=a", "blackhole:?match=x&severity=err", true)]
    [InlineData("blackhole:", "blackhole:?mode=live", false)]
    [InlineData("file:///a?sources=a", "file:///b?sources=a", false)]
    [InlineData("https://h/a?token=1#sources=a", "https://h/a?token=2#sources=a", false)]
    [InlineData("https://h/a?token=1#sources=a", "https://h/a?token=1#sources=b", true)]
    public void Text_DiffersByAllButTheFilter(string left, string right, bool same) =>
        Assert.Equal(same, Assert.Single(Read([], "s=" + left)).Text == Assert.Single(Read([], "s=" + right)).Text);

    [Fact]
    public void Options_OfAFile_AreThoseOfTheUrl_AndTheUrlGoesFirst()
    {
        var options = new NozzleOptions
        {
            Sinks =
            {
                ["a"] = new() { ["url"] = ["blackhole:?mode=live"], ["mode"] = ["durable"], ["order"] = ["live-first"] },
                ["none"] = new() { ["mode"] = ["live"] },
            },
        };
        var errors = new List<string>();
        var found = Assert.Single(SinkDefinition.ReadAll(options, errors));
        Assert.Equal((Loggregator.Nozzle.Delivery.BufferMode.Live, Loggregator.Nozzle.Delivery.BufferOrder.LiveFirst), (found.Spec.Buffer.Mode, found.Spec.Buffer.Order));
        Assert.Contains("Nozzle:Sinks:none has no url", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static IReadOnlyList<SinkDefinition> Read(List<string> errors, params string[] sinks) => SinkDefinition.ReadAll(new NozzleOptions { Sink = sinks }, errors);
}
