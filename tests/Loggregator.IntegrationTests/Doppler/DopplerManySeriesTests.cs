using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;
using static Loggregator.IntegrationTests.Doppler.DopplerHost;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>One read of very many series, which is one frame at a time on either side.</summary>
public sealed class DopplerManySeriesTests() : DopplerTest()
{
    private const int Sources = 100, Sets = 10, Metrics = 100;

    [Fact]
    public async Task AHundredThousandSeries_AreReadInFrames_WhileTheReaderPausesAndMoreComesIn()
    {
        for (var source = 0; source < Sources; source++)
        {
            await _doppler.SendAsync([.. Enumerable.Range(0, Sets).Select(set => Gauge(source, set, time: 1))]);
        }

        Assert.Equal(Sources * Sets * Metrics, _doppler.Series.Count);
        var call = new Loggregator.Protocol.Internal.Doppler.DopplerClient(_doppler.Channel()).ReadSeries(new ReadSeriesRequest { End = 1500 }, cancellationToken: Patience);
        Assert.True(await call.ResponseStream.MoveNext(Patience));
        await _doppler.SendAsync([.. Enumerable.Range(0, Sources).Select(source => Gauge(source, set: 0, time: 2))]); // nobody waits for the reader
        var read = new HashSet<(string, string, string)>();
        do
        {
            var frame = call.ResponseStream.Current;
            Assert.InRange(frame.CalculateSize(), 0, 80 * 1024);
            foreach (var series in frame.Series)
            {
                Assert.True(read.Add((series.SourceId, series.Tags["set"], series.Name)), "a series comes twice");
                Assert.Equal([1000], series.TimeSteps);
            }
        }
        while (await call.ResponseStream.MoveNext(Patience));
        Assert.Equal(Sources * Sets * Metrics, read.Count);
    }

    private static Envelope Gauge(int source, int set, int time)
    {
        var gauge = new Gauge();
        for (var i = 0; i < Metrics; i++)
        {
            gauge.Metrics.Add("metric-" + i, new GaugeValue { Value = i });
        }

        return new Envelope { SourceId = "source-" + source, Timestamp = time * 1_000_000_000L, Tags = { ["set"] = "s" + set }, Gauge = gauge };
    }
}
