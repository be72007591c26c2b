using System.IO.Hashing;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Series;

/// <summary>The series by identity and name, and the sources that have them. Store's lock.</summary>
internal sealed class SeriesIndex(SeriesMemory memory)
{
    private readonly Dictionary<UInt128, LabelSet> _sets = [];
    private readonly Dictionary<UInt128, SeriesSource> _sources = [];
    private readonly NameTable _names = new();
    private readonly long _seed = Random.Shared.NextInt64(); // so that nobody makes hashes collide on purpose
    private int _count;

    /// <summary>What a new series is measured by. Any thread may read it.</summary>
    public required SeriesLimits Limits { get; set; }

    /// <summary>Series that are there. Any thread.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Sources that have series. Any thread.</summary>
    public int SourceCount => _sources.Count;

    public IReadOnlyCollection<LabelSet> Sets => _sets.Values;

    public IReadOnlyCollection<SeriesSource> Sources => _sources.Values;

    /// <summary>The names of metrics and units.</summary>
    public IReadOnlyCollection<SeriesName> Names => _names.All;

    /// <summary>Of an envelope's identity. Any thread; see <see cref="EnvelopeIdentity.Hash"/>.</summary>
    public UInt128 HashOf(ReadOnlySpan<byte> envelope, in EnvelopeHeader header) => EnvelopeIdentity.Hash(envelope, header, _seed);

    /// <summary>Of a canonical identity. Any thread.</summary>
    public UInt128 HashOf(ReadOnlySpan<byte> identity)
    {
        RawEnvelope.TryReadHeader(identity, out var header);
        return HashOf(identity, header);
    }

    /// <summary>Of a metric's name. Any thread.</summary>
    public ulong HashOfName(ReadOnlySpan<byte> name) => XxHash3.HashToUInt64(name, _seed);

    public LabelSet? Find(UInt128 hash) => _sets.GetValueOrDefault(hash);

    public SeriesSource? FindSource(ReadOnlySpan<byte> id) => _sources.GetValueOrDefault(XxHash128.HashToUInt128(id, _seed));

    /// <summary>Which limit one more series of this source would pass; null if none.</summary>
    public FoldLimit? LimitOf(SeriesSource? source, int identityLength, int nameLength) =>
        source?.SeriesCount >= Limits.MaxSeriesPerSource ? FoldLimit.Source
        : _count >= Limits.MaxSeries ? FoldLimit.All
        : !memory.HasRoomForBase(SeriesMemory.PerSource + SeriesMemory.PerSet + SeriesMemory.PerSeries + identityLength + nameLength) ? FoldLimit.Memory
        : null;

    /// <summary>Adds an identity, which must not be there; <see cref="AddSeries"/> comes next.</summary>
    public LabelSet AddSet(ReadOnlySpan<byte> identity, UInt128 hash, uint now)
    {
        RawEnvelope.TryReadHeader(identity, out var header);
        var id = header.SourceId.Of(identity);
        var source = FindSource(id);
        if (source is null)
        {
            source = new SeriesSource(XxHash128.HashToUInt128(id, _seed), id.ToArray());
            _sources.Add(source.Hash, source);
            memory.ChargeBase(source, SeriesMemory.PerSource + id.Length, now);
        }

        var set = new LabelSet(hash, identity.ToArray(), source) { Place = source.Sets.Count };
        source.Sets.Add(set);
        _sets.Add(hash, set);
        memory.ChargeBase(source, SeriesMemory.PerSet + identity.Length, now);
        return set;
    }

    /// <summary>Adds a series that is not there.</summary>
    public TimeSeries AddSeries(LabelSet set, ReadOnlySpan<byte> name, ulong nameHash, SeriesKind kind, uint now)
    {
        var series = new TimeSeries(set, _names.Intern(name, nameHash), SeriesName.None, kind) { LastAppend = now };
        set.Add(series);
        series.PlaceInName = series.Name.Series.Count;
        series.Name.Series.Add(series);
        set.Source.SeriesCount++;
        _count++;
        memory.ChargeBase(set.Source, SeriesMemory.PerSeries + name.Length, now);
        return series;
    }

    public void SetUnit(TimeSeries series, ReadOnlySpan<byte> unit)
    {
        _names.Release(series.Unit);
        series.Unit = unit.IsEmpty ? SeriesName.None : _names.Intern(unit, HashOfName(unit));
    }

    /// <summary>Takes an empty series out, and what was there for it alone.</summary>
    public void Remove(TimeSeries series)
    {
        var set = series.Labels;
        var source = set.Source;
        series.IsGone = true;
        var named = series.Name.Series;
        named[^1].PlaceInName = series.PlaceInName;
        named[series.PlaceInName] = named[^1];
        named.RemoveAt(named.Count - 1);
        _names.Release(series.Name);
        _names.Release(series.Unit);
        memory.ChargeBase(source, -(SeriesMemory.PerSeries + series.Name.Utf8.Length), 0);
        set.Remove(series);
        source.SeriesCount--;
        _count--;
        if (set.Count > 0)
        {
            return;
        }

        _sets.Remove(set.Hash);
        source.Sets[^1].Place = set.Place;
        source.Sets[set.Place] = source.Sets[^1];
        source.Sets.RemoveAt(source.Sets.Count - 1);
        memory.ChargeBase(source, -(SeriesMemory.PerSet + set.Identity.Length), 0);
        if (source.Sets.Count == 0)
        {
            _sources.Remove(source.Hash);
            memory.ChargeBase(source, -(SeriesMemory.PerSource + source.Id.Length), 0);
        }
    }
}
