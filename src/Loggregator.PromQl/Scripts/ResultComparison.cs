using System.Globalization;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Scripts;

/// <summary>Compares a result with what a script expects: values within a relative 1e-6.</summary>
internal static class ResultComparison
{
    private const double Tolerance = 1e-6;

    public static void CheckAnnotations(IReadOnlyList<Annotation> annotations, Expectation expected)
    {
        CheckAny(annotations.Where(annotation => annotation.IsWarning), expected.Warns, "warning");
        CheckAny(annotations.Where(annotation => !annotation.IsWarning), expected.Informs, "info");
        foreach (var (isWarning, test, text) in expected.Annotations)
        {
            if (!annotations.Any(annotation => annotation.IsWarning == isWarning && test(annotation.Text)))
            {
                throw new MismatchException($"{(isWarning ? "warning" : "info")} {text}", Texts(annotations));
            }
        }
    }

    /// <summary>Compares an instant query's result.</summary>
    public static void CheckInstant(QueryResult result, Expectation expected)
    {
        if (expected.Text is not null || result.Kind == ValueKind.String)
        {
            Check(result.Kind == ValueKind.String && result.Text == expected.Text, expected.Text is null ? Series(expected) : $"string {GoText.Quote(expected.Text)}", Show(result));
        }
        else if (expected.Scalar is { } scalar || result.Kind == ValueKind.Scalar)
        {
            var wanted = expected.Scalar ?? double.NaN;
            Check(expected.Scalar is not null && result.Kind == ValueKind.Scalar && Same(wanted, result.Series[0].Samples.Span[0].Value), expected.Scalar is null ? Series(expected) : GoText.Number(wanted), Show(result));
        }
        else if (result.Kind == ValueKind.Matrix)
        {
            var (start, end, step) = expected.RangeVector ?? throw new MismatchException(Series(expected), "a range vector: " + Show(result));
            CheckMatrix(result, expected, start, end, step);
        }
        else
        {
            CheckVector(result, expected);
        }
    }

    /// <summary>Compares a matrix: the value at each step.</summary>
    public static void CheckMatrix(QueryResult result, Expectation expected, long start, long end, long step)
    {
        var wanted = expected.Scalar is { } scalar ? [new SeriesNotation(Labels.Empty, [scalar], false)] : expected.Series;
        foreach (var series in wanted)
        {
            var samples = series.Values.Select((value, i) => (Time: start + (i * step), Value: value)).Where(sample => sample.Value is not null).ToList();
            Check(samples.TrueForAll(sample => sample.Time <= end), "at most as many values as the range has steps", Series(expected));
            var got = result.Series.FirstOrDefault(one => one.Labels.Equals(series.Labels));
            var fits = (got?.Samples.Length ?? 0) == samples.Count
                && samples.Select((sample, i) => got!.Samples.Span[i].Time == sample.Time && Same(sample.Value!.Value, got.Samples.Span[i].Value)).All(static same => same);
            Check(fits, Series(expected), Show(result));
        }

        Check(result.Series.All(one => wanted.Any(series => series.Labels.Equals(one.Labels))), Series(expected), Show(result));
    }

    public static string Show(QueryResult result) => result.Kind switch
    {
        ValueKind.String => $"string {GoText.Quote(result.Text)}",
        ValueKind.Scalar => GoText.Number(result.Series[0].Samples.Span[0].Value),
        _ when result.Series.Count == 0 => "nothing",
        ValueKind.Vector => string.Join("\n", result.Series.Select(series => $"{series.Labels.ToMetricString()} {GoText.Number(series.Samples.Span[0].Value)}")),
        _ => string.Join("\n", result.Series.Select(series => $"{series.Labels.ToMetricString()} {string.Join(' ', series.Samples.ToArray().Select(Show))}")),
    };

    private static string Show(Sample sample) => string.Create(CultureInfo.InvariantCulture, $"{GoText.Number(sample.Value)}@{sample.Time / 1000.0}s");

    private static string Texts(IEnumerable<Annotation> annotations) => string.Join("\n", annotations.Select(annotation => annotation.Text).DefaultIfEmpty("none"));

    private static void CheckAny(IEnumerable<Annotation> annotations, bool? wanted, string kind) =>
        Check(wanted is null || annotations.Any() == wanted, wanted == true ? $"a {kind}" : $"no {kind}", Texts(annotations));

    private static void CheckVector(QueryResult result, Expectation expected)
    {
        Check(result.Series.Count == expected.Series.Count, Series(expected), Show(result));
        for (var i = 0; i < result.Series.Count; i++)
        {
            var got = result.Series[i];
            var at = expected.Ordered && expected.Series[i].Labels.Equals(got.Labels) ? i
                : expected.Ordered ? -1 : expected.Series.FindIndex(series => series.Labels.Equals(got.Labels));
            Check(at >= 0 && expected.Series[at].Values is [{ } value, ..] && Same(value, got.Samples.Span[0].Value), Series(expected), Show(result));
        }
    }

    private static bool Same(double expected, double got) => Quantiles.AlmostEqual(expected, got, Tolerance);

    private static string Series(Expectation expected) => expected.Scalar is { } scalar ? GoText.Number(scalar) : string.Join("\n", expected.Series.Select(series =>
        $"{series.Labels.ToMetricString()} {string.Join(' ', series.Values.Select(value => value is { } number ? GoText.Number(number) : "_"))}").DefaultIfEmpty("nothing"));

    private static void Check(bool holds, string expected, string got)
    {
        if (!holds)
        {
            throw new MismatchException(expected, got);
        }
    }
}
