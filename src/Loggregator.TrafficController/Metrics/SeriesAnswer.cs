using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Takes the frames of one Doppler's answer, and keeps of them what was asked for and may be seen. One thread.</summary>
/// <param name="matchers">All must match.</param>
/// <param name="scope">Whose series may be seen.</param>
/// <param name="producers">Of these producers alone; null: of all.</param>
internal sealed class SeriesAnswer(IReadOnlyList<LabelMatcher> matchers, SourceScope scope, IReadOnlySet<ulong>? producers)
{
    private const int BytesPerSeries = 512; // object headers, labels' array and the like
    private readonly MetricLabels _labels = new(new TextCache());
    private SeriesPart? _last;
    private long[] _times = [];
    private double[] _values = [];

    /// <summary>What was kept.</summary>
    public List<SeriesPart> Parts { get; } = [];

    /// <summary>Memory that what was kept of the last frame takes, bytes; about.</summary>
    public long Taken { get; private set; }

    /// <summary>Samples kept of the last frame.</summary>
    public int NewSamples { get; private set; }

    /// <summary>Takes a frame; false where it is none, or out of order.</summary>
    public bool TryAdd(MessageBuffer frame)
    {
        var series = new SeriesFrameReader(frame.Span);
        (Taken, NewSamples) = (0, 0);
        while (series.MoveNext())
        {
            if (!series.Continues)
            {
                _last = Begin(series);
            }

            if (_last is null || series.SampleCount == 0)
            {
                continue;
            }

            if (_times.Length < series.SampleCount)
            {
                (_times, _values) = (new long[series.SampleCount], new double[series.SampleCount]);
            }

            var times = _times.AsSpan(0, series.SampleCount);
            var values = _values.AsSpan(0, series.SampleCount);
            if (!series.TryReadSamples(times, values) || !_last.TryAdd(times, values))
            {
                return false;
            }

            NewSamples += times.Length;
            Taken += times.Length * 16;
        }

        return !series.Malformed;
    }

    // Null where it is not what was asked for: a Doppler may match more than that.
    private SeriesPart? Begin(in SeriesFrameReader series)
    {
        var before = _labels.Texts.Bytes;
        _labels.Read(series.Current, series.SourceId, series.InstanceId);
        _labels.ReadName(series.Name);
        var labels = Labels.Of(_labels.Pairs);
        SeriesPart? part = null;
        if (scope.Allows(labels[MetricLabels.SourceId]) && producers?.Contains(_labels.Producer) != false && matchers.All(matcher => matcher.Matches(labels)))
        {
            part = new SeriesPart(labels, series.Kind, _labels.Texts.Of(series.Unit), series.Derived);
            Parts.Add(part);
            Taken += BytesPerSeries;
        }

        Taken += _labels.Texts.Bytes - before;
        return part;
    }
}
