using System.Text;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Walks the series that a query matches, source by source, with their samples by ascending time, one a millisecond. Holds the store's lock only to copy, never while it matches or unpacks.
/// What is appended meanwhile may be seen or not. One thread.
/// </summary>
public sealed class SeriesCursor
{
    private const int SetsAtATime = 64;
    private readonly SeriesStore _store;
    private readonly SeriesQuery _query;
    private readonly LabelSet[] _sets;
    private readonly List<TimeSeries> _ofSets = [];
    private readonly List<byte[]> _chunks = [];
    private readonly Sample[] _unpacked = new Sample[SampleChunk.MaxSamples];
    private Sample[] _samples = new Sample[2 * SampleChunk.MaxSamples];
    private int _count, _nextSet, _nextSeries;
    private bool _inOrder;
    private TimeSeries? _current;

    /// <summary>Stands before the first series.</summary>
    public SeriesCursor(SeriesStore store, SeriesQuery query)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(query);
        (_store, _query) = (store, query);
        var named = query.SourceIds?.Distinct().Select(Encoding.UTF8.GetBytes).ToArray();
        lock (store.Gate)
        {
            store.Flush();
            _sets = named is null ? [] : [.. named.SelectMany(id => store.Index.FindSource(id)?.Sets ?? [])];
        }

        if (named is null)
        {
            _sets = SetsOfNames(store, query.Names);
        }
    }

    /// <summary>An envelope with the current series' source id, instance id and tags alone. Series that share it come one after the other.</summary>
    public byte[] Identity => _current!.Labels.Identity;

    /// <summary>The source's id, UTF-8. Series of a source come one after the other.</summary>
    public byte[] SourceId => _current!.Labels.Source.Id;

    /// <summary>The metric's name, UTF-8.</summary>
    public ReadOnlySpan<byte> Name => _current!.Name.Utf8;

    /// <summary>Its unit, UTF-8.</summary>
    public ReadOnlySpan<byte> Unit => _current!.Unit.Utf8;

    /// <summary>What it is.</summary>
    public SeriesKind Kind => _current!.Kind;

    /// <summary>It was made here out of what this Doppler got; that of another Doppler with the same labels is to be added, not merged.</summary>
    public bool IsDerived => _current!.IsDerived;

    /// <summary>The current series' samples in the time that was asked for; none if labels only.</summary>
    public ReadOnlySpan<Sample> Samples => _samples.AsSpan(0, _count);

    /// <summary>Steps to the next series that has samples in that time.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            while (_nextSeries < _ofSets.Count)
            {
                _current = _ofSets[_nextSeries++];
                if (Read(_current))
                {
                    return true;
                }
            }

            if (_nextSet == _sets.Length)
            {
                return false;
            }

            TakeSets();
        }
    }

    // Those that have a series of such a name, source by source; all of them, where looking at each is no more work than putting these in order.
    private static LabelSet[] SetsOfNames(SeriesStore store, Func<byte[], bool>? matches)
    {
        SeriesName[] names = [];
        if (matches is not null)
        {
            lock (store.Gate)
            {
                names = [.. store.Index.Names];
            }

            names = [.. names.Where(name => matches(name.Utf8))];
        }

        TimeSeries[] series;
        lock (store.Gate)
        {
            if (matches is null || names.Sum(name => (long)name.Series.Count) * 4 > store.Index.Count)
            {
                return [.. store.Index.Sources.SelectMany(source => source.Sets)];
            }

            series = [.. names.SelectMany(name => name.Series)];
        }

        return [.. series.Select(one => one.Labels).Distinct().GroupBy(set => set.Source).SelectMany(sets => sets)];
    }

    private void TakeSets()
    {
        _ofSets.Clear();
        _nextSeries = 0;
        lock (_store.Gate)
        {
            for (var end = Math.Min(_nextSet + SetsAtATime, _sets.Length); _nextSet < end; _nextSet++)
            {
                foreach (var series in _sets[_nextSet].Slots)
                {
                    if (series is not null)
                    {
                        _ofSets.Add(series);
                    }
                }
            }
        }

        if (_query.Names is { } names)
        {
            _ofSets.RemoveAll(series => !names(series.Name.Utf8));
        }

        if (_query.Identities is { } identities)
        {
            var (last, matches) = ((LabelSet?)null, false);
            _ofSets.RemoveAll(series =>
            {
                matches = series.Labels == last ? matches : identities(series.Labels.Identity);
                last = series.Labels;
                return !matches;
            });
        }
    }

    private bool Read(TimeSeries series)
    {
        (_count, _inOrder) = (0, true);
        _chunks.Clear();
        int window;
        lock (_store.Gate)
        {
            foreach (var chunk in series.Chunks)
            {
                _chunks.Add(chunk);
            }

            window = series.WindowCount;
            series.Newest.CopyTo(_unpacked);
        }

        if (_query.LabelsOnly)
        {
            return HasAny(window);
        }

        // The window is unpacked already, and comes last: so it waits behind the others.
        Span<Sample> newest = stackalloc Sample[window];
        _unpacked.AsSpan(0, window).CopyTo(newest);
        foreach (var chunk in _chunks)
        {
            if (SampleChunk.ReadRange(chunk, out var first, out var last) > 0 && first <= _query.To && last >= _query.From)
            {
                Add(_unpacked.AsSpan(0, SampleChunk.Read(chunk, _unpacked)));
            }
        }

        Add(newest);
        if (!_inOrder)
        {
            Sort();
        }

        return _count > 0;
    }

    private bool HasAny(int window)
    {
        foreach (var chunk in _chunks)
        {
            if (SampleChunk.ReadRange(chunk, out var first, out var last) > 0 && first <= _query.To && last >= _query.From)
            {
                return true;
            }
        }

        return window > 0 && _unpacked[0].Time <= _query.To && _unpacked[window - 1].Time >= _query.From;
    }

    private void Add(ReadOnlySpan<Sample> samples)
    {
        if (_samples.Length - _count < samples.Length)
        {
            Array.Resize(ref _samples, _samples.Length * 2);
        }

        foreach (var sample in samples)
        {
            if (sample.Time >= _query.From && sample.Time <= _query.To)
            {
                _inOrder &= _count == 0 || sample.Time > _samples[_count - 1].Time;
                _samples[_count++] = sample;
            }
        }
    }

    // Of samples of the same millisecond the one that came last stays.
    private void Sort()
    {
        var sorted = _samples.Take(_count).OrderBy(sample => sample.Time).ToArray(); // stable
        _count = 0;
        foreach (var sample in sorted)
        {
            _count -= _count > 0 && _samples[_count - 1].Time == sample.Time ? 1 : 0;
            _samples[_count++] = sample;
        }
    }
}
