using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;
using static Loggregator.IntegrationTests.Doppler.DopplerHost;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>What producers send is read back as series.</summary>
public sealed class DopplerSeriesTests() : DopplerTest(options => options.MaxSeriesPerSource = 40)
{
    private const long Second = 1_000_000_000;

    [Fact]
    public async Task Counters_AndGauges_AreReadAsSeries()
    {
        await _doppler.SendAsync(
            Counter("app", 1, 10, "a"), Counter("app", 2, 15, "a"), Counter("other-app", 2, 99, "b"),
            new Envelope
            {
                SourceId = "app",
                InstanceId = "3",
                Timestamp = 3 * Second,
                Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Value = 0.25, Unit = "percentage" }, ["mem"] = new GaugeValue { Value = 9, Unit = "bytes" } } },
            },
            new Envelope { SourceId = "app", Log = new Protocol.V2.Log { Payload = Google.Protobuf.ByteString.CopyFromUtf8("no metric") } });
        var read = await ReadAsync(new ReadSeriesRequest { End = long.MaxValue, Matches = { Is("source_id", "app") } });
        Assert.Equal(["cpu", "mem", "requests"], read.Select(series => series.Name).Order());

        var requests = read.Single(series => series.Name == "requests");
        Assert.Equal(SeriesSamples.Types.Kind.Counter, requests.Kind);
        Assert.Equal("a", requests.Tags["zone"]);
        Assert.Equal([1000, 1000], requests.TimeSteps);
        Assert.Equal([10, 15], requests.Values);

        var cpu = read.Single(series => series.Name == "cpu");
        Assert.Equal(("percentage", "3", SeriesSamples.Types.Kind.Gauge), (cpu.Unit, cpu.InstanceId, cpu.Kind));
        Assert.Equal([3000], cpu.TimeSteps);
        Assert.Equal([0.25], cpu.Values);

        read = await ReadAsync(new ReadSeriesRequest { Start = 1500, End = 2500, LabelsOnly = true, Matches = { Is("__name__", "requests") } });
        Assert.Equal(["app", "other-app"], read.Select(series => series.SourceId).Order());
        Assert.All(read, series => Assert.Empty(series.Values));
    }

    [Fact]
    public async Task Sources_TellTheirSeries()
    {
        await _doppler.SendAsync(
            [Counter("app", 1, 10, "a"), Counter("app", 2, 15, "b"), Counter("other-app", 2, 99, "b"), .. Enumerable.Range(0, 50).Select(i => Counter("bomb", 3, 1, "z" + i))]);
        var call = Client().Sources(new SourcesRequest(), cancellationToken: Patience);
        var sources = new Dictionary<string, Source>();
        await foreach (var frame in call.ResponseStream.ReadAllAsync(Patience))
        {
            foreach (var source in frame.Sources)
            {
                sources.Add(source.SourceId, source);
            }
        }

        Assert.Equal((2UL, 0UL), (sources["app"].Series, sources["app"].SeriesFolded));
        Assert.Equal(1UL, sources["other-app"].Series);
        Assert.Equal((40UL, 10UL), (sources["bomb"].Series, sources["bomb"].SeriesFolded));
        Assert.Equal((ulong)_doppler.Series.Used, sources["app"].SeriesBytes + sources["other-app"].SeriesBytes + sources["bomb"].SeriesBytes);
    }

    [Fact]
    public async Task Series_OfManySamples_ComesInFramesOfSixtyFourKibibytes()
    {
        const int Samples = 30_000;
        foreach (var chunk in Enumerable.Range(1, Samples).Chunk(1000))
        {
            await _doppler.SendAsync([.. chunk.Select(i => Counter("app", i, (ulong)i, "a")), .. chunk.Select(i => Counter("app", i, 7, "b"))]);
        }

        var call = Client().ReadSeries(new ReadSeriesRequest { End = long.MaxValue }, cancellationToken: Patience);
        var read = new Dictionary<string, List<double>>();
        var zone = "";
        await foreach (var frame in call.ResponseStream.ReadAllAsync(Patience))
        {
            Assert.InRange(frame.CalculateSize(), 0, 80 * 1024);
            foreach (var series in frame.Series)
            {
                zone = series.Continues ? zone : series.Tags["zone"];
                read.TryAdd(zone, []);
                Assert.Equal(series.TimeSteps[0], (read[zone].Count + 1) * 1000);
                read[zone].AddRange(series.Values);
            }
        }

        Assert.Equal(Enumerable.Range(1, Samples).Select(i => (double)i), read["a"]);
        Assert.Equal(Enumerable.Repeat(7.0, Samples), read["b"]);
    }

    [Fact]
    public async Task HttpTimers_AreReadAsDerivedSeries()
    {
        await _doppler.SendAsync([.. Enumerable.Range(0, 10).Select(i => new Envelope
        {
            SourceId = "app", InstanceId = "0", Timestamp = Second, Tags = { ["method"] = "GET", ["status_code"] = i < 8 ? "200" : "404", ["uri"] = "/" + i },
            Timer = new Protocol.V2.Timer { Name = "http", Start = 0, Stop = 20_000_000 },
        })]);
        var read = await ReadAsync(new ReadSeriesRequest { End = long.MaxValue, Matches = { Is("__name__", "http_requests_total") } });
        Assert.All(read, series => Assert.True(series.Derived));
        Assert.Equal([("2xx", 8.0), ("4xx", 2.0)], read.Select(series => (series.Tags["status_class"], series.Values[^1])).Order());
    }

    [Fact]
    public async Task Bomb_OfOneSource_LeavesTheOthersAlone()
    {
        await _doppler.SendAsync([.. Enumerable.Range(0, 5000).Select(i => Counter("bomb", 1, 1, "zone-" + i)), Counter("app", 1, 1, "a")]);
        var read = await ReadAsync(new ReadSeriesRequest { End = long.MaxValue });
        Assert.Equal(42, read.Count);
        Assert.Equal(4960, read.Single(series => series.Name == "other").Values[^1]);
        Assert.Single(read, series => series.SourceId == "app");
    }

    [Fact]
    public async Task Matches_ThatCannotBe_AreRefused()
    {
        var matches = new ReadSeriesRequest { Matches = { new LabelMatch { Label = "zone", Comparison = LabelMatch.Types.Comparison.Regex, Text = "(" } } };
        var refused = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(matches));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        matches.Matches[0].Comparison = (LabelMatch.Types.Comparison)9;
        refused = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(matches));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    private static LabelMatch Is(string label, string text) => new() { Label = label, Text = text };

    private static Envelope Counter(string source, long second, ulong total, string zone) => new()
    {
        SourceId = source,
        InstanceId = "0",
        Timestamp = second * Second,
        Tags = { ["zone"] = zone },
        Counter = new Counter { Name = "requests", Total = total },
    };

    private Loggregator.Protocol.Internal.Doppler.DopplerClient Client() => new(_doppler.Channel());

    private async Task<List<SeriesSamples>> ReadAsync(ReadSeriesRequest request)
    {
        var call = Client().ReadSeries(request, cancellationToken: Patience);
        var read = new List<SeriesSamples>();
        await foreach (var frame in call.ResponseStream.ReadAllAsync(Patience))
        {
            Assert.True(read.Count > 0 || frame.DopplerId.Length > 0, "the first frame does not say of whom it is");
            read.AddRange(frame.Series);
        }

        return read;
    }
}
