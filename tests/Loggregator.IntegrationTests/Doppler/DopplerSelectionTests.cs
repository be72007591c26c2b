using System.Globalization;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

public sealed class DopplerSelectionTests : DopplerTest
{
    [Fact]
    public async Task Readers_OfTheSame_EachReceiveEveryMatchInOrder()
    {
        using var first = await _doppler.ReadAsync(Some.Logs());
        using var second = await _doppler.ReadAsync(Some.Logs());
        var sent = Enumerable.Range(0, 500).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToArray();
        await _doppler.SendAsync([.. sent.Select(text => Some.Log("a", text))]);

        Assert.Equal(sent, (await first.UntilAsync(500)).Logs);
        Assert.Equal(sent, (await second.UntilAsync(500)).Logs);
    }

    [Fact]
    public async Task Reader_ThatLeaves_IsForgottenAndOthersGoOn()
    {
        using var stays = await _doppler.ReadAsync(Some.Logs());
        var leaves = await _doppler.ReadAsync(Some.Logs());
        await DopplerHost.UntilAsync(() => _doppler.Counters.Subscriptions == 2, "two subscriptions are open");
        leaves.Dispose();
        await DopplerHost.UntilAsync(() => _doppler.Counters.Subscriptions == 1 && _doppler.Counters.EgressStreams == 1, "one subscription is left");
        await _doppler.SendAsync(Some.Log("a", "x"));

        await stays.UntilAsync(1);
        await DopplerHost.UntilAsync(() => _doppler.Counters.Delivery.Written == 1, "it was written once");
    }

    [Theory]
    [InlineData("log", Envelope.MessageOneofCase.Log)]
    [InlineData("counter", Envelope.MessageOneofCase.Counter)]
    [InlineData("gauge", Envelope.MessageOneofCase.Gauge)]
    [InlineData("timer", Envelope.MessageOneofCase.Timer)]
    [InlineData("event", Envelope.MessageOneofCase.Event)]
    public async Task Selector_OfOneType_SelectsOnlyThatType(string type, Envelope.MessageOneofCase expected)
    {
        var selector = type switch
        {
            "log" => Some.Logs(),
            "counter" => Some.Counters(),
            "gauge" => Some.Gauges(),
            "timer" => Some.Timers(),
            _ => Some.Events(),
        };
        using var reader = await _doppler.ReadAsync(selector, Some.Logs("end"));
        await _doppler.SendAsync([.. Some.OneOfEach("a"), Some.Log("end", "end")]);
        await reader.UntilAsync("end");

        var got = reader.Received.Where(envelope => envelope.SourceId == "a").ToArray();
        Assert.Equal(expected, Assert.Single(got).MessageCase);
    }

    [Fact]
    public async Task Selector_WithSourceButNoType_SelectsNothing()
    {
        using var reader = await _doppler.ReadAsync(new Selector { SourceId = "a" }, Some.Logs("end"));
        await _doppler.SendAsync([.. Some.OneOfEach("a"), Some.Log("end", "end")]);

        Assert.Empty((await reader.UntilAsync("end")).Received);
    }

    [Fact]
    public async Task Selector_WithCounterName_PassesOnlyThatName()
    {
        using var reader = await _doppler.ReadAsync(Some.Counters(name: "b"), Some.Logs("end"));
        await _doppler.SendAsync(Some.Counter("s", "a"), Some.Counter("s", "b"), Some.Counter("s", "bb"), Some.Log("end", "end"));

        Assert.Equal("b", Assert.Single((await reader.UntilAsync("end")).Received).Counter.Name);
    }

    [Fact]
    public async Task Selector_WithGaugeNames_PassesOnlyTheExactSet()
    {
        using var reader = await _doppler.ReadAsync(Some.Gauges("", "b", "a"), Some.Logs("end"));
        await _doppler.SendAsync(Some.Gauge("s", "a"), Some.Gauge("s", "a", "b"), Some.Gauge("s", "a", "b", "c"), Some.Log("end", "end"));

        Assert.Equal(2, Assert.Single((await reader.UntilAsync("end")).Received).Gauge.Metrics.Count);
    }

    [Fact]
    public async Task Selectors_OfOneSource_AreAUnionWithinIt()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs("a"), Some.Gauges("a"), Some.Logs("end"));
        await _doppler.SendAsync([.. Some.OneOfEach("a"), .. Some.OneOfEach("b"), .. Some.OneOfEach("c"), Some.Log("end", "end")]);

        Assert.Equal(2, (await reader.UntilAsync("end")).Received.Count);
    }

    [Fact]
    public async Task Envelope_MatchingSeveralSelectors_IsDeliveredOncePerSelector()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs(), Some.Logs("a"), Some.Logs("a"));
        await _doppler.SendAsync(Some.Log("a", "x"), Some.Log("b", "y"));

        Assert.Equal(["x", "x", "x", "y"], (await reader.UntilAsync(4)).Logs);
    }

    [Fact]
    public async Task Reader_WithoutSelectors_IsServedNothingButStays()
    {
        using var silent = await _doppler.ReadAsync();
        using var other = await _doppler.ReadAsync(Some.Logs());
        await _doppler.SendAsync(Some.OneOfEach("a"));
        await other.UntilAsync(1);

        await DopplerHost.UntilAsync(() => _doppler.Counters.Delivery.Written == 1, "only the other was served");
        Assert.Equal(2, _doppler.Counters.EgressStreams);
    }

    [Fact]
    public async Task Envelope_WithoutPayload_IsAcceptedAndSelectedByNobody()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs(), Some.Counters(), Some.Gauges(), Some.Timers(), Some.Events());
        await _doppler.SendAsync(new Envelope { SourceId = "a" }, Some.Log("end", "end"));

        Assert.Empty((await reader.UntilAsync("end")).Received);
        Assert.Equal(2, _doppler.Counters.Appended);
    }
}
