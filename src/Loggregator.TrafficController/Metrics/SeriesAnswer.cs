using System.Text;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Takes the frames of one Doppler's answer, and keeps of them what was asked for and may be seen. One thread.</summary>
internal sealed class SeriesAnswer(IReadOnlyList<LabelMatcher> matchers, SourceScope scope)
{
    private const int BytesPerSeries = 512; // object headers, labels' array and the like
    private readonly HashSet<string> _texts = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, string>> _pairs = [];
    private SeriesPart? _last;
    private long[] _times = [];
    private double[] _values = [];
    private char[] _letters = new char[256];

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
        var sourceId = Text(series.SourceId);
        if (!scope.Allows(sourceId))
        {
            return null;
        }

        _pairs.Clear();
        var tags = new TagReader(series.Current);
        while (tags.MoveNext())
        {
            var exact = MetricNames.IsLabel(tags.Key);
            var name = Text(exact ? tags.Key : MetricNames.OfLabel(tags.Key));
            var at = _pairs.FindIndex(pair => pair.Key == name);
            if (at < 0)
            {
                _pairs.Add(new(name, Text(tags.Value)));
            }
            else if (exact)
            {
                _pairs[at] = new(name, Text(tags.Value));
            }
        }

        _pairs.Add(new(Pipeline.Series.LabelMatcher.SourceId, sourceId));
        _pairs.Add(new(Pipeline.Series.LabelMatcher.InstanceId, Text(series.InstanceId)));
        _pairs.Add(new(Labels.MetricName, Text(MetricNames.IsMetric(series.Name) ? series.Name : MetricNames.OfMetric(series.Name))));
        var labels = Labels.Of(_pairs);
        if (!matchers.All(matcher => matcher.Matches(labels)))
        {
            return null;
        }

        var part = new SeriesPart(labels, series.Kind, Text(series.Unit), series.Derived);
        Parts.Add(part);
        Taken += BytesPerSeries;
        return part;
    }

    // One object however often a text comes.
    private string Text(ReadOnlySpan<byte> utf8)
    {
        if (_letters.Length < utf8.Length)
        {
            _letters = new char[utf8.Length * 2];
        }

        var letters = _letters.AsSpan(0, Encoding.UTF8.GetChars(utf8, _letters));
        if (_texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(letters, out var known))
        {
            return known;
        }

        var text = letters.ToString();
        _texts.Add(text);
        Taken += (text.Length * 2) + 64;
        return text;
    }
}
