using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;
using static Loggregator.IntegrationTests.Doppler.DopplerHost;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>A Doppler carries out a query's aggregation over what it holds.</summary>
public sealed class DopplerAggregateTests() : DopplerTest(_ => { })
{
    private const string Query = "1 + sum by (zone) (rate(requests_total[1m]))";

    [Fact]
    public async Task Sum_OfRates_IsOfAllSeriesHere()
    {
        await SendAsync("app", "0", "a", 0, 30, 60);
        await SendAsync("app", "1", "a", 0, 15, 30);
        await SendAsync("other", "0", "b", 0, 60, 0);
        var answer = await AggregateAsync(Request());
        Assert.Equal([("a", 1.5), ("b", 1.0)], answer.Groups.Select(group => (group.Labels["zone"], Math.Round(group.Values[1], 9))).Order());
        Assert.All(answer.Groups, group => Assert.Equal((2, 0, true), (group.Values.Count, group.Counts.Count, group.DropName)));
        Assert.Equal(new[] { Producer("app", "0"), Producer("app", "1"), Producer("other", "0") }.Order(), answer.Producers.Order());
        Assert.Empty(answer.LeftOut);
        Assert.Equal(9ul, answer.Samples);
        Assert.NotEmpty(answer.DopplerId);
    }

    [Fact]
    public async Task Sum_IsOfTheSourcesAllowed_WithoutTheProducersNamed()
    {
        await SendAsync("app", "0", "a", 0, 30, 60);
        await SendAsync("app", "1", "a", 0, 15, 30);
        await SendAsync("other", "0", "b", 0, 60, 120);
        var request = Request();
        request.SourceIds.Add("app");
        request.WithoutProducers.Add(Producer("app", "0"));
        var answer = await AggregateAsync(request);
        Assert.Equal(0.5, Math.Round(Assert.Single(answer.Groups).Values[1], 9));
        Assert.Equal([Producer("app", "1")], answer.Producers);

        var read = new ReadSeriesRequest { End = long.MaxValue, Producers = { Producer("app", "1"), Producer("other", "0") } };
        var ids = new List<(string, string)>();
        await foreach (var frame in new Protocol.Internal.Doppler.DopplerClient(_doppler.Channel()).ReadSeries(read, cancellationToken: Patience).ResponseStream.ReadAllAsync(Patience))
        {
            ids.AddRange(frame.Series.Select(series => (series.SourceId, series.InstanceId)));
        }

        Assert.Equal([("app", "1"), ("other", "0")], ids.Order());
    }

    [Fact]
    public async Task Source_WithSeriesOfTheSameLabels_IsLeftOut()
    {
        await SendAsync("app", "0", "a", 0, 30, 60);
        await SendAsync("app", "1", "a", 0, 15, 30);
        await _doppler.SendAsync(Counter("app", "1", "a", 0, 5, "requests.total"));
        await SendAsync("other", "0", "b", 0, 60, 120);
        var answer = await AggregateAsync(Request());
        Assert.Equal([Producer("other", "0")], answer.Producers);
        Assert.Equal(new[] { Producer("app", "0"), Producer("app", "1") }.Order(), answer.LeftOut.Order());
        Assert.Equal("b", Assert.Single(answer.Groups).Labels["zone"]);
    }

    [Fact]
    public async Task TopK_OfManySources_IsTheFirstOfAll()
    {
        await _doppler.SendAsync([.. Enumerable.Range(0, 3000).Select(i => Counter("app-" + i, "0", "z", 60, (ulong)i))]);
        const string TopThree = "topk(3, requests_total)";
        var request = Request();
        (request.Query, request.PlaceStart, request.PlaceEnd) = (TopThree, 0, (uint)TopThree.Length);
        var answer = await AggregateAsync(request);
        Assert.Equal(["app-2997", "app-2998", "app-2999"], answer.Groups.Select(group => group.Labels["source_id"]).Order());
        Assert.Equal(3000, answer.Producers.Count);
    }

    [Theory]
    [InlineData(Query, 0, 10, 2, 50, StatusCode.InvalidArgument)] // another place
    [InlineData("sum(", 0, 4, 2, 50, StatusCode.InvalidArgument)]
    [InlineData("sum(x)", 0, 6, 0, 50, StatusCode.InvalidArgument)]
    [InlineData("sum(x)", 0, 6, 1_000_000, 50, StatusCode.InvalidArgument)]
    [InlineData("sum(requests_total)", 0, 19, 2, 1, StatusCode.ResourceExhausted)]
    public async Task Request_ThatCannotBe_IsRefused(string query, int start, int end, int steps, int samples, StatusCode code)
    {
        await SendAsync("app", "0", "a", 0, 30, 60);
        var request = Request();
        (request.Query, request.PlaceStart, request.PlaceEnd, request.Steps, request.MaxSamples) = (query, (uint)start, (uint)end, (uint)steps, (uint)samples);
        var refused = await Assert.ThrowsAsync<RpcException>(() => AggregateAsync(request));
        Assert.Equal(code, refused.StatusCode);
    }

    // The second step is at the last sample.
    private static AggregateSeriesRequest Request() => new()
    {
        Query = Query,
        PlaceStart = (uint)Query.IndexOf("sum", StringComparison.Ordinal),
        PlaceEnd = (uint)Query.Length,
        Start = 1000,
        Interval = 59_000,
        Steps = 2,
        Lookback = 300_000,
        MaxSamples = 1_000_000,
    };

    private static ulong Producer(string source, string instance) => MetricLabels.ProducerOf(System.Text.Encoding.UTF8.GetBytes(source), System.Text.Encoding.UTF8.GetBytes(instance));

    // Totals at 0, 30 and 60 s.
    private Task SendAsync(string source, string instance, string zone, params ulong[] totals) =>
        _doppler.SendAsync([.. totals.Select((total, i) => Counter(source, instance, zone, i * 30, total))]);

    private static Envelope Counter(string source, string instance, string zone, long second, ulong total, string name = "requests_total") => new()
    {
        SourceId = source,
        InstanceId = instance,
        Timestamp = second * 1_000_000_000,
        Tags = { ["zone"] = zone },
        Counter = new Counter { Name = name, Total = total },
    };

    private async Task<AggregateFrame> AggregateAsync(AggregateSeriesRequest request)
    {
        var call = new Protocol.Internal.Doppler.DopplerClient(_doppler.Channel()).AggregateSeries(request, cancellationToken: Patience);
        var answer = new AggregateFrame();
        await foreach (var frame in call.ResponseStream.ReadAllAsync(Patience))
        {
            Assert.False(answer.Complete);
            answer.MergeFrom(frame);
        }

        Assert.True(answer.Complete);
        return answer;
    }
}
