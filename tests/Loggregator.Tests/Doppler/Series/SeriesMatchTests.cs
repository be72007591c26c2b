using Loggregator.Doppler.Series;
using Loggregator.PromQl.Storage;
using Loggregator.Tests.Pipeline.Series;
using Xunit;

namespace Loggregator.Tests.Doppler.Series;

/// <summary>PromQL's matchers over what the store holds.</summary>
public sealed class SeriesMatchTests
{
    [Theory]
    [InlineData("source_id", MatchOperator.Equal, "b", "b1 b2")]
    [InlineData("source_id", MatchOperator.NotEqual, "b", "a1 a2")]
    [InlineData("__name__", MatchOperator.Regexp, ".1", "a1 b1")]
    [InlineData("__name__", MatchOperator.Regexp, "1", "")]
    [InlineData("__name__", MatchOperator.NotRegexp, "a.|b2", "b1")]
    [InlineData("instance_id", MatchOperator.Equal, "0", "a1 a2 b1 b2")]
    [InlineData("zone", MatchOperator.Equal, "", "a1 b1")]
    [InlineData("zone", MatchOperator.Regexp, "z[2-9]", "a2 b2")]
    [InlineData("zone", MatchOperator.NotEqual, "", "a2 b2")]
    [InlineData("other", MatchOperator.Regexp, ".*", "a1 a2 b1 b2")]
    [InlineData("source_id", MatchOperator.Regexp, "a|c", "a1 a2")]
    [InlineData("zone", MatchOperator.Regexp, "\\pL\\Q2\\E", "a2 b2")]
    public void Matcher_OfEachKind_FindsItsSeries(string label, MatchOperator comparison, string text, string names)
    {
        var series = new SeriesFixture();
        foreach (var source in new[] { "a", "b" })
        {
            // A tag cannot stand in for the source id.
            series.AddCounter(source, source + "1", 1, 1, ("source_id", "b")).AddCounter(source, source + "2", 1, 1, ("zone", "z2"));
        }

        series.Append();
        var query = new SeriesMatch([new LabelMatcher(label, comparison, text)], metricNames: false).Query([]);
        var found = series.Read(query).Keys.Select(key => key.Split('/', '{')[1]).Order();
        Assert.Equal(names, string.Join(" ", found));
    }

    [Fact]
    public void MetricNames_AreMatchedAsPrometheusWritesThem()
    {
        var series = new SeriesFixture();
        series.AddCounter("a", "requests.total", 1, 1, ("app.name", "x")).AddCounter("b", "requests_total", 1, 1, ("app_name", "y")).Append();
        LabelMatcher name = new("__name__", MatchOperator.Equal, "requests_total"), tag = new("app_name", MatchOperator.Equal, "x");
        Assert.Equal(2, series.Read(new SeriesMatch([name], metricNames: true).Query([])).Count);
        Assert.Equal("a/requests.total{app.name=x}", Assert.Single(series.Read(new SeriesMatch([name, tag], metricNames: true).Query([]))).Key);
        Assert.Equal("b/requests_total{app_name=y}", Assert.Single(series.Read(new SeriesMatch([name], metricNames: false).Query([]))).Key);
    }

    [Fact]
    public void SourceIds_OfCallerAndMatchers_AreBothKeptTo()
    {
        var series = new SeriesFixture();
        series.AddCounter("a", "n", 1, 1).AddCounter("b", "n", 1, 1).AddCounter("c", "n", 1, 1).Append();
        var query = new SeriesMatch([new LabelMatcher("source_id", MatchOperator.Regexp, "a|b")], metricNames: true).Query(["b", "c"]);
        Assert.Equal(["b"], query.SourceIds);
        Assert.Equal("b/n{}", Assert.Single(series.Read(query)).Key);
        query = new SeriesMatch([new LabelMatcher("source_id", MatchOperator.Equal, "a")], metricNames: true).Query(["b", "c"]);
        Assert.Empty(series.Read(query));
    }
}
