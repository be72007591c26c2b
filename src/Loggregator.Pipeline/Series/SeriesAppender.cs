using System.Text;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Series;

/// <summary>Puts single samples into series, new ones as far as the limits let them. Store's lock.</summary>
internal sealed class SeriesAppender
{
    private const int MaxNameBytes = 1024, MaxIdentityBytes = 8 * 1024;
    private const uint SearchInterval = 10; // seconds between two searches for idle series
    private const uint WarningInterval = 60; // seconds
    private const int FirstWindow = 4;
    private readonly long[] _folded = new long[3];
    private uint _nextSearch, _nextWarning;

    public SeriesAppender(SeriesLimits limits, SeriesCounters counters)
    {
        Counters = counters;
        Memory = new SeriesMemory { Budget = limits.Bytes };
        Index = new SeriesIndex(Memory) { Limits = limits };
        Eviction = new SeriesEviction(Index, Memory, counters);
    }

    public SeriesCounters Counters { get; }

    public SeriesMemory Memory { get; }

    public SeriesIndex Index { get; }

    public SeriesEviction Eviction { get; }

    /// <summary>Seconds since the start, from 1.</summary>
    public uint Now { get; set; } = 1;

    /// <summary>Sources whose count of folded samples has grown.</summary>
    public List<SeriesSource> FoldedSources { get; } = [];

    /// <inheritdoc cref="SeriesStore.OnFolded"/>
    public Action<FoldLimit, string>? OnFolded { get; set; }

    /// <summary>Samples folded because of this limit. Any thread.</summary>
    public long FoldedBy(FoldLimit limit) => Volatile.Read(ref _folded[(int)limit]);

    /// <summary>Adds a series that is not there. Null when there is no room for it: then its sample is counted.</summary>
    /// <param name="set">The set of the identity, if there is one yet.</param>
    /// <param name="identity">In its canonical form.</param>
    /// <param name="name">UTF-8 name.</param>
    /// <param name="nameHash">Its hash.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="time">Of its first sample.</param>
    /// <param name="beyondLimits">It is there to tell what was folded.</param>
    public TimeSeries? Add(
        ref LabelSet? set, ReadOnlySpan<byte> identity, ReadOnlySpan<byte> name, ulong nameHash, SeriesKind kind, long time, bool beyondLimits = false)
    {
        if (name.Length > MaxNameBytes || identity.Length > MaxIdentityBytes)
        {
            Counters.TooLargeCount++;
            return null;
        }

        RawEnvelope.TryReadHeader(identity, out var header);
        var source = Index.FindSource(header.SourceId.Of(identity));
        if (!beyondLimits && LimitOf(source, identity.Length, name.Length) is { } limit)
        {
            Fold(Index.FindSource(header.SourceId.Of(identity)), limit, time);
            Tell(limit, header.SourceId.Of(identity));
            return null;
        }

        var hash = Index.HashOf(identity);
        set = Index.Find(hash) ?? Index.AddSet(identity, hash, Now); // the one that came may have gone with idle series
        return Index.AddSeries(set, name, nameHash, kind, Now);
    }

    /// <summary>Appends a sample.</summary>
    public void Append(TimeSeries series, long time, double value)
    {
        if (series.WindowCount == series.Window.Length)
        {
            MakeRoomIn(series);
        }

        var begins = series.WindowCount == 0;
        series.LastAppend = Now;
        if (!series.Insert(time, value))
        {
            Counters.ReplacedCount++;
            return;
        }

        Counters.AppendedCount++;
        if (begins)
        {
            Eviction.Enqueue(series);
        }
    }

    private FoldLimit? LimitOf(SeriesSource? source, int identityLength, int nameLength)
    {
        var limit = Index.LimitOf(source, identityLength, nameLength);
        if (limit is null)
        {
            return null;
        }

        var searched = limit == FoldLimit.Source ? source : null;
        if (Now < (searched?.NextSearch ?? _nextSearch))
        {
            return limit;
        }

        if (searched is null)
        {
            _nextSearch = Now + SearchInterval;
        }
        else
        {
            searched.NextSearch = Now + SearchInterval;
        }

        return Eviction.RemoveIdle(searched?.Sets ?? Index.Sets, Now) ? Index.LimitOf(source, identityLength, nameLength) : limit;
    }

    private void Fold(SeriesSource? source, FoldLimit limit, long time)
    {
        Counters.FoldedCount++;
        _folded[(int)limit]++;
        if (source is null)
        {
            return;
        }

        source.Folded++;
        source.FoldedTime = Math.Max(source.FoldedTime, time);
        if (!source.FoldedIsDue)
        {
            source.FoldedIsDue = true;
            FoldedSources.Add(source);
        }
    }

    private void Tell(FoldLimit limit, ReadOnlySpan<byte> sourceId)
    {
        if (Now >= _nextWarning && OnFolded is { } tell)
        {
            _nextWarning = Now + WarningInterval;
            tell(limit, Encoding.UTF8.GetString(sourceId));
        }
    }

    private void MakeRoomIn(TimeSeries series)
    {
        var capacity = series.Window.Length;
        if (capacity == TimeSeries.WindowSamples)
        {
            Eviction.Seal(series, Now);
            return;
        }

        var larger = new Sample[Math.Min(Math.Max(capacity * 2, FirstWindow), TimeSeries.WindowSamples)];
        series.Newest.CopyTo(larger);
        series.Window = larger;
        Memory.Charge(series.Labels.Source, SeriesMemory.OfWindow(larger.Length) - SeriesMemory.OfWindow(capacity), Now);
    }
}
