using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Streams.Sse;
using Xunit;

namespace Loggregator.Tests.TrafficController;

public sealed class ReadQueryTests
{
    [Theory]
    [InlineData("?log", Selector.MessageOneofCase.Log)]
    [InlineData("?log=false", Selector.MessageOneofCase.Log)]
    [InlineData("?counter", Selector.MessageOneofCase.Counter)]
    [InlineData("?gauge", Selector.MessageOneofCase.Gauge)]
    [InlineData("?timer", Selector.MessageOneofCase.Timer)]
    [InlineData("?event", Selector.MessageOneofCase.Event)]
    public void Query_OneFlag_IsOneSelector(string query, Selector.MessageOneofCase type)
    {
        var selector = Assert.Single(Read(query));
        Assert.Equal(("", type), (selector.SourceId, selector.MessageCase));
    }

    [Fact]
    public void Query_AllFlags_AreFiveSelectorsInFixedOrder() => Assert.Equal(
        [
            Selector.MessageOneofCase.Log, Selector.MessageOneofCase.Counter, Selector.MessageOneofCase.Gauge, Selector.MessageOneofCase.Timer,
            Selector.MessageOneofCase.Event,
        ],
        Read("?event&timer&gauge&counter&log").Select(selector => selector.MessageCase));

    [Fact]
    public void Query_SeveralSources_AreTheCrossProductBySource() => Assert.Equal(
        ["a Log", "a Counter", "b Log", "b Counter", "a Log", "a Counter"],
        Read("?source_id=a&log&source_id=b&counter&source_id=a").Select(selector => $"{selector.SourceId} {selector.MessageCase}"));

    [Fact]
    public void Query_CounterNames_AreOneSelectorEachAndReplaceTheFlag() => Assert.Equal(
        ["x", "y", ""], Read("?counter&counter.name=x&counter.name=y&counter.name=").Select(selector => selector.Counter.Name));

    [Fact]
    public void Query_GaugeNames_AreSplitAtCommas()
    {
        var selectors = Read("?gauge.name=cpu,memory&gauge.name=jvm.stuff&gauge.name=");
        Assert.Equal(["cpu", "memory"], selectors[0].Gauge.Names);
        Assert.Equal(["jvm.stuff"], selectors[1].Gauge.Names);
        Assert.Equal([""], selectors[2].Gauge.Names);
    }

    [Theory]
    [InlineData("", "empty_query")]
    [InlineData("?", "empty_query")]
    [InlineData("?log;x", "empty_query")]
    [InlineData("?%zz=1", "empty_query")]
    [InlineData("?LOG", "missing_envelope_type")]
    [InlineData("?source_id=a", "missing_envelope_type")]
    public void Query_Bad_IsRefused(string query, string error) =>
        Assert.Equal(error, ReadQuery.TryRead(new QueryPairs(query), 1, out _)!.Error);

    [Fact]
    public void Query_ShardAndName_AreTheFirstOfEach()
    {
        Assert.Null(ReadQuery.TryRead(new QueryPairs("?log&shard_id=s&shard_id=t&deterministic_name=d"), 1, out var request));
        Assert.Equal(("s", "d"), (request!.ShardId, request.DeterministicName));
    }

    [Theory]
    [InlineData("?source_id=a%20b+c", "a b c")]
    [InlineData("?source_id=%C3%B6", "ö")]
    [InlineData("?source_id=ö", "ö")]
    public void Pairs_Escapes_AreUndone(string query, string value) => Assert.Equal(value, new QueryPairs(query).First("source_id"));

    private static List<Selector> Read(string query)
    {
        Assert.Null(ReadQuery.TryRead(new QueryPairs(query), 1, out var request));
        return [.. request!.Selectors];
    }
}
