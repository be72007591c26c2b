using Xunit;
using static Loggregator.Tests.Pipeline.Series.SeriesFixture;

namespace Loggregator.Tests.Pipeline.Series;

public sealed class HttpRequestsTests
{
    [Fact]
    public void Timers_NamedHttp_BecomeACountAndAHistogram()
    {
        var series = new SeriesFixture();
        var now = series.Now;
        series.AddHttp("app", now, 3, "GET", "200", ("request_id", "1")).AddHttp("app", now + 1, 30, "GET", "204", ("request_id", "2"))
            .AddHttp("app", now + 2, 20_000, "GET", "200").AddHttp("app", now, 1, "GET", "503").AddHttp("app", now, 1, "BREW", "teapot").Append();
        var read = series.Read();
        Assert.Equal(45, read.Count); // three kinds of request, fifteen series each
        (string, string)[] ok = [("method", "GET"), ("status_class", "2xx")];
        Assert.Equal(3, read[Key("app", "http_requests_total", ok)][^1].Value);
        Assert.Equal(3, read[Key("app", "http_request_duration_seconds_count", ok)][^1].Value);
        Assert.Equal(20.033, read[Key("app", "http_request_duration_seconds_sum", ok)][^1].Value, 6);
        Assert.Equal(1, Bucket("0.005"));
        Assert.Equal(1, Bucket("0.025"));
        Assert.Equal(2, Bucket("0.05"));
        Assert.Equal(2, Bucket("10"));
        Assert.Equal(3, Bucket("+Inf"));
        Assert.Equal(1, read[Key("app", "http_requests_total", ("method", "GET"), ("status_class", "5xx"))][^1].Value);
        Assert.Equal(1, read[Key("app", "http_requests_total", ("method", "OTHER"), ("status_class", "unknown"))][^1].Value);
        series.AssertConserved();

        double Bucket(string le) => read[Key("app", "http_request_duration_seconds_bucket", [.. ok, ("le", le)])][^1].Value;
    }

    [Fact]
    public void Requests_InASteadyStream_AreSampledEveryFiveSeconds()
    {
        var series = new SeriesFixture();
        var start = series.Now - 100_000;
        for (var i = 0; i < 1000; i++)
        {
            series.AddHttp("app", start + (i * 100), 10, "POST", "302");
        }

        series.Append();
        var samples = series.Read()[Key("app", "http_requests_total", ("method", "POST"), ("status_class", "3xx"))];
        Assert.Equal(1000, samples[^1].Value);
        Assert.Equal(21, samples.Length); // one at the start, one every 5 s, and what a reader asks for
        Assert.Equal(samples.Select(sample => sample.Value).Order(), samples.Select(sample => sample.Value));
    }

    [Fact]
    public void Requests_FromTheFutureOrBackwards_AreCountedInThePresent()
    {
        var series = new SeriesFixture();
        series.AddHttp("app", series.Now + 86_400_000, 10, "GET", "200").AddHttp("app", series.Now - 50_000, -10, "GET", "200").Append();
        var samples = series.Read()[Key("app", "http_requests_total", ("method", "GET"), ("status_class", "2xx"))];
        Assert.Equal(2, samples[^1].Value);
        Assert.All(samples, sample => Assert.Equal(series.Now, sample.Time));
    }

    [Fact]
    public void Timers_OfAnotherName_AreNotCounted()
    {
        var series = new SeriesFixture();
        series.Add(new() { Timer = new() { Name = "db", Start = 1, Stop = 5 } }, "app", 1).Append();
        Assert.Empty(series.Read());
        Assert.Equal(0, series.Counters.Received);
    }
}
