using System.Globalization;
using Loggregator.PromQl.Storage;
using Xunit;

namespace Loggregator.IntegrationTests.PromQl;

/// <summary>Compares answers to queries: the same series with samples at the same times, values within a relative 1e-9; or an error on both sides.</summary>
internal sealed class AnswerComparison
{
    private const double Tolerance = 1e-9;

    private readonly List<string> _differences = [];
    private int _answered;

    public void Add(string query, (IReadOnlyList<Series>? Series, string Error) expected, (IReadOnlyList<Series>? Series, string Error) got)
    {
        _answered += expected.Series?.Count > 0 ? 1 : 0;
        var same = expected.Series is null || got.Series is null ? expected.Series is null && got.Series is null
            : expected.Series.Count == got.Series.Count && expected.Series.All(series => got.Series.Any(other => Same(series, other)));
        if (!same)
        {
            _differences.Add($"{query}\n  expected: {Show(expected)}\n  got:      {Show(got)}");
        }
    }

    /// <summary>Nothing differed, and at least so many answers had something in them.</summary>
    public void AssertSame(int answered)
    {
        Assert.True(_differences.Count == 0, $"{_differences.Count} differ:\n{string.Join('\n', _differences.Take(10))}");
        Assert.InRange(_answered, answered, int.MaxValue);
    }

    private static bool Same(Series left, Series right)
    {
        var expected = left.Samples.Span;
        var got = right.Samples.Span;
        var same = left.Labels.Equals(right.Labels) && expected.Length == got.Length;
        for (var i = 0; same && i < expected.Length; i++)
        {
            same = expected[i].Time == got[i].Time && Same(expected[i].Value, got[i].Value);
        }

        return same;
    }

    private static bool Same(double expected, double got) =>
        expected.Equals(got) || Math.Abs(expected - got) <= Tolerance * Math.Max(Math.Abs(expected), Math.Abs(got));

    private static string Show((IReadOnlyList<Series>? Series, string Error) answer) => answer.Series is null ? answer.Error
        : string.Join("\n            ", answer.Series.OrderBy(series => series.Labels.ToMetricString(), StringComparer.Ordinal).Select(series =>
            $"{series.Labels.ToMetricString()} {string.Join(' ', series.Samples.ToArray().Select(sample => string.Create(CultureInfo.InvariantCulture, $"{sample.Value:R}@{sample.Time / 1000}")))}"));
}
