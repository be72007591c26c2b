using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;
using Loggregator.TrafficController.LogCache;

namespace Loggregator.TrafficController.Metrics;

/// <summary>
/// The Dopplers' series as the store of one query. The scope of its caller is part of every selection, so that what calls it cannot forget it. One
/// selection at a time.
/// </summary>
internal sealed class MetricReading(MetricReads reads, AggregateReads aggregates, ReadCharge charge, SourceScope scope) : IAggregateReader, IDisposable
{
    /// <summary>Samples read so far.</summary>
    public long SamplesRead { get; private set; }

    /// <summary>Whether something lacks in what was read.</summary>
    public bool Partial { get; private set; }

    /// <summary>Dopplers that told all of what was read last, and Dopplers there are; (0, 0) where none needed to be asked.</summary>
    public (int Answered, int Known) Whole { get; private set; }

    /// <summary>Whether the caller may see this source.</summary>
    public bool Sees(string sourceId) => scope.Allows(sourceId);

    /// <inheritdoc/>
    public async ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel)
    {
        var (series, warnings) = await ReadAsync(selection, labelsOnly: false, cancel);
        return new SelectedSeries([.. series.Select(one => new Series(one.Labels, one.Samples))], warnings);
    }

    /// <inheritdoc/>
    public async ValueTask<AggregatedSeries?> AggregateAsync(AggregateRequest request, SeriesSelection selection, CancellationToken cancel)
    {
        var sources = scope.Narrow(SourcesOf(selection.Matchers));
        if (sources?.Count == 0)
        {
            return new AggregatedSeries([], [], []);
        }

        if (HasLoneSurrogate(request.Query) || await aggregates.AskAsync(request, selection, sources ?? [], charge, cancel) is not { } told)
        {
            return null;
        }

        var (series, lacking) = told.Apart.Count == 0 ? ([], []) : await ReadAsync(selection, labelsOnly: false, cancel, told.Apart);
        IReadOnlyList<string> warnings = [.. told.Warnings.Union(lacking)];
        Partial |= warnings.Count > 0;
        SamplesRead += told.Answers.Sum(answer => answer.Samples);
        return new AggregatedSeries(
            [.. told.Answers.Select(answer => answer.Result)], [.. series.Select(one => new Series(one.Labels, one.Samples))], warnings);
    }

    /// <summary>Finds the series that match and have samples in the range, with what they are.</summary>
    /// <param name="selection">Which.</param>
    /// <param name="labelsOnly">Without samples.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="producers">Of these producers alone; null: of all.</param>
    public async Task<(IReadOnlyList<MetricSeries> Series, IReadOnlyList<string> Warnings)> ReadAsync(
        SeriesSelection selection, bool labelsOnly, CancellationToken cancel, IReadOnlySet<ulong>? producers = null)
    {
        var request = new ReadSeriesRequest { Start = selection.MinTime, End = selection.MaxTime, LabelsOnly = labelsOnly, MetricNames = true };
        var sources = scope.Narrow(SourcesOf(selection.Matchers));
        if (sources?.Count == 0)
        {
            Whole = (0, 0);
            return ([], []);
        }

        request.SourceIds.Add(sources ?? []);
        request.Producers.Add(producers ?? Enumerable.Empty<ulong>());
        request.Matches.Add(selection.Matchers.Select(MatchOf).OfType<LabelMatch>());
        var (answers, whole) = await reads.AskAsync(
            request, () => new SeriesAnswer(selection.Matchers, scope, producers), charge, selection.MaxSamples, cancel);
        var series = SeriesMerge.Merge(answers.Select(answer => answer.Parts), cancel);
        List<string> warnings = [.. whole.Warnings()];
        Whole = (whole.Answered - whole.Lacking, whole.Known);
        Partial |= warnings.Count > 0;
        SamplesRead += series.Sum(one => (long)one.Samples.Length);
        return (series, warnings);
    }

    /// <summary>Finds the series that any of several selectors selects, each once, in the order of their labels.</summary>
    public async ValueTask<(IReadOnlyList<MetricSeries> Series, IReadOnlyList<string> Warnings)> ReadAllAsync(
        IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, long start, long end, bool labelsOnly, int maxSamples, CancellationToken cancel)
    {
        var all = new Dictionary<Labels, MetricSeries>();
        var told = new HashSet<string>();
        foreach (var matchers in selectors)
        {
            var (series, warnings) = await ReadAsync(new SeriesSelection(matchers, start, end, maxSamples), labelsOnly, cancel);
            told.UnionWith(warnings);
            foreach (var one in series)
            {
                all.TryAdd(one.Labels, one);
            }
        }

        return (all.Values.OrderBy(one => one.Labels, Comparer<Labels>.Create(Labels.Compare)).ToList(), told.ToList());
    }

    /// <inheritdoc/>
    public void Dispose() => charge.Dispose();

    // The only ones that can match; null where that cannot be told.
    private static IReadOnlyCollection<string>? SourcesOf(IEnumerable<LabelMatcher> matchers)
    {
        IReadOnlyCollection<string>? sources = null;
        foreach (var matcher in matchers)
        {
            if (matcher.Name == MetricLabels.SourceId && matcher.Literals is { } literals)
            {
                sources = sources is null ? literals : [.. sources.Intersect(literals)];
            }
        }

        return sources;
    }

    // Null for what only we can match; all that a Doppler tells is matched here once more.
    private static LabelMatch? MatchOf(LabelMatcher matcher)
    {
        var match = new LabelMatch { Label = matcher.Name, Text = matcher.Value };
        match.Comparison = matcher.Operator switch
        {
            MatchOperator.Equal => LabelMatch.Types.Comparison.Equal,
            MatchOperator.NotEqual => LabelMatch.Types.Comparison.NotEqual,
            MatchOperator.Regexp => LabelMatch.Types.Comparison.Regex,
            _ => LabelMatch.Types.Comparison.NotRegex,
        };
        return HasLoneSurrogate(match.Text) ? null : match;
    }

    // Stands for a byte that is no UTF-8, which no label has; it cannot be sent.
    private static bool HasLoneSurrogate(string text) => text.EnumerateRunes().Any(rune => rune == System.Text.Rune.ReplacementChar);
}
