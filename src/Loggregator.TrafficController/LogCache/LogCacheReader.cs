using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Selectors;
using Loggregator.TrafficController.Metrics;

namespace Loggregator.TrafficController.LogCache;

/// <summary>
/// The store as log-cache's queries see it: sources named in every selector, series without <c>__name__</c>, samples on whole seconds (of one second the
/// last), and timers among them. A colon in a metric's name is an underscore, as all else that is neither letter nor digit.
/// </summary>
internal sealed class LogCacheReader(MetricReading metrics, TimerReads timers) : ISeriesReader
{
    /// <summary>The dopplers that answered all of it, and those there are; as few as of any part.</summary>
    public (int Answered, int Known) Whole { get; private set; } = (int.MaxValue, int.MaxValue);

    /// <summary>The sources that a selector names: all by <c>=</c>, and by <c>=~</c> as literals with <c>|</c> between them.</summary>
    public static IReadOnlyList<string> SourcesOf(IEnumerable<LabelMatcher> matchers) =>
    [
        .. matchers.Where(matcher => matcher.Name == MetricLabels.SourceId).SelectMany(matcher => matcher.Operator switch
        {
            MatchOperator.Equal => [matcher.Value],
            MatchOperator.Regexp => matcher.Value.Split('|'),
            _ => Array.Empty<string>(),
        }).Distinct(),
    ];

    /// <summary>Adds a sample to its series, whose name goes.</summary>
    public static void Add(Dictionary<Labels, List<Sample>> found, Labels labels, Sample sample)
    {
        var nameless = labels.WithoutName();
        if (!found.TryGetValue(nameless, out var samples))
        {
            found.Add(nameless, samples = []);
        }

        samples.Add(sample);
    }

    /// <inheritdoc/>
    public async ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel)
    {
        var found = new Dictionary<Labels, List<Sample>>();
        var sources = SourcesOf(selection.Matchers);
        List<LabelMatcher> others = [.. selection.Matchers.Where(matcher => matcher.Name != MetricLabels.SourceId)];
        List<LabelMatcher> any = [.. others.Where(matcher => matcher is not { Name: Labels.MetricName, Operator: MatchOperator.Equal })];
        foreach (var source in sources)
        {
            var ofSource = new LabelMatcher(MetricLabels.SourceId, MatchOperator.Equal, source);
            IReadOnlyList<LabelMatcher> named = any.Count == others.Count ? [.. others, ofSource] : [.. any, ofSource, .. others.Except(any).Select(WithColons)];
            var (series, warnings) = await metrics.ReadAsync(selection with { Matchers = named }, labelsOnly: false, cancel);
            foreach (var one in series)
            {
                foreach (var sample in one.Samples.ToArray())
                {
                    Add(found, one.Labels, sample);
                }
            }

            Count(metrics.Whole);
            if (metrics.Sees(source))
            {
                Count(await timers.ReadAsync(source, selection with { Matchers = [.. others, ofSource] }, found, cancel));
            }
        }

        var labels = found.Keys.Order(Comparer<Labels>.Create(Labels.Compare));
        return new SelectedSeries([.. labels.Select(one => new Series(one, BySecond(found[one])))], []);
    }

    private static LabelMatcher WithColons(LabelMatcher name) => name.Value.Contains('_') && name.Value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')
        ? new LabelMatcher(name.Name, MatchOperator.Regexp, name.Value.Replace("_", "[_:]", StringComparison.Ordinal))
        : name;

    private static Sample[] BySecond(List<Sample> samples)
    {
        var sorted = samples.OrderBy(sample => sample.Time); // stable
        var seconds = new List<Sample>(samples.Count);
        foreach (var sample in sorted)
        {
            var second = sample with { Time = (long)Math.Floor(sample.Time / 1000.0) * 1000 };
            if (seconds.Count > 0 && seconds[^1].Time == second.Time)
            {
                seconds[^1] = second;
            }
            else
            {
                seconds.Add(second);
            }
        }

        return [.. seconds];
    }

    private void Count((int Answered, int Known) whole)
    {
        if (whole.Known > 0 && whole.Answered < Whole.Answered)
        {
            Whole = whole;
        }
    }
}
