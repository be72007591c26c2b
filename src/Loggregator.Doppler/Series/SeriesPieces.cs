using Loggregator.Pipeline.Series;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Doppler.Series;

/// <summary>
/// The series of the store as PromQL sees them, piece by piece, each piece some whole sources: series of one source alone can come to the same labels.
/// A source of which that is so, or of which there is too much, is left out. One thread.
/// </summary>
internal sealed class SeriesPieces
{
    private const int UsualSeries = 1024, UsualSamples = 128 * 1024, MaxSamplesOfSource = 2 * 1024 * 1024;
    private readonly SeriesCursor _cursor;
    private readonly MetricLabels _labels;
    private readonly List<PromQl.Storage.Series> _piece = [];
    private readonly HashSet<Labels> _seen = [];
    private readonly HashSet<ulong> _ofSource = [];
    private byte[]? _identity;
    private bool _more;

    public SeriesPieces(SeriesStore store, SeriesSelection selection, IReadOnlyCollection<string> sourceIds, IReadOnlySet<ulong> without)
    {
        var match = new SeriesMatch(selection.Matchers, metricNames: true);
        _labels = new MetricLabels(match.Texts);
        var query = match.Query(sourceIds, without.Count == 0 ? null : identity => !without.Contains(ProducerOf(identity)));
        _cursor = new SeriesCursor(store, query with { From = selection.MinTime, To = selection.MaxTime });
        _more = _cursor.MoveNext();
    }

    /// <summary>The series of the current piece.</summary>
    public IReadOnlyList<PromQl.Storage.Series> Current => _piece;

    /// <summary>Producers whose series were in the pieces so far.</summary>
    public List<ulong> Producers { get; } = [];

    /// <summary>Producers that were left out.</summary>
    public List<ulong> LeftOut { get; } = [];

    /// <summary>Reads the next piece.</summary>
    public bool MoveNext()
    {
        _piece.Clear();
        var samples = 0;
        while (_more && _piece.Count < UsualSeries && samples < UsualSamples)
        {
            samples += TakeSource();
        }

        return _piece.Count > 0;
    }

    /// <summary>Which producer an identity is of.</summary>
    public static ulong ProducerOf(byte[] identity)
    {
        RawEnvelope.TryReadHeader(identity, out var header);
        return MetricLabels.ProducerOf(header.SourceId.Of(identity), header.InstanceId.Of(identity));
    }

    private int TakeSource()
    {
        var (source, begin, samples, isFit) = (_cursor.SourceId, _piece.Count, 0, true);
        _seen.Clear();
        _ofSource.Clear();
        for (; _more && _cursor.SourceId == source; _more = _cursor.MoveNext())
        {
            var labels = ReadLabels();
            _ofSource.Add(_labels.Producer);
            samples += _cursor.Samples.Length;
            isFit = isFit && _seen.Add(labels) && samples <= MaxSamplesOfSource;
            if (isFit)
            {
                _piece.Add(new PromQl.Storage.Series(labels, Copy(_cursor.Samples)));
            }
        }

        (isFit ? Producers : LeftOut).AddRange(_ofSource);
        if (isFit)
        {
            return samples;
        }

        _piece.RemoveRange(begin, _piece.Count - begin);
        return 0;
    }

    private Labels ReadLabels()
    {
        if (_cursor.Identity != _identity)
        {
            _identity = _cursor.Identity;
            RawEnvelope.TryReadHeader(_identity, out var header);
            _labels.Read(_identity, header.SourceId.Of(_identity), header.InstanceId.Of(_identity));
        }

        _labels.ReadName(_cursor.Name);
        return Labels.Of(_labels.Pairs);
    }

    private static PromQl.Storage.Sample[] Copy(ReadOnlySpan<Pipeline.Series.Sample> samples)
    {
        var copy = new PromQl.Storage.Sample[samples.Length];
        for (var i = 0; i < copy.Length; i++)
        {
            copy[i] = new PromQl.Storage.Sample(samples[i].Time, samples[i].Value);
        }

        return copy;
    }
}
