namespace Loggregator.Pipeline.Series;

/// <summary>
/// Makes room. Whatever a series began, a chunk or a window, stands in one queue by age, told by its series; the oldest goes first, unless its source
/// holds no more than its fair share and has needed memory within the last hour: then it stands in line once more. A chunk of two windows has the entries
/// of both. Store's lock.
/// </summary>
internal sealed class SeriesEviction(SeriesIndex index, SeriesMemory memory, SeriesCounters counters)
{
    /// <summary>Seconds after which a source has no share, and a series gives way to a new one.</summary>
    public const uint Idle = 3600;

    private const int StepsAtOnce = 256;
    private readonly byte[] _packed = new byte[SampleChunk.MaxLength];
    private Queue<TimeSeries> _oldest = new();
    private int _gone; // entries of series that were removed before their turn

    /// <summary>Entries of series that are there.</summary>
    public int Entries => _oldest.Count - _gone;

    /// <summary>How many of these a series has to have.</summary>
    public static int EntriesOf(TimeSeries series)
    {
        var entries = (series.WindowCount > 0 ? 1 : 0) - (series.IsHalfSpent ? 1 : 0);
        foreach (var chunk in series.Chunks)
        {
            entries += EntriesOf(chunk);
        }

        return entries;
    }

    /// <summary>Time of the first sample of what is evicted next, UNIX milliseconds.</summary>
    public long? OldestTime
    {
        get
        {
            TimeSeries? series;
            while (_oldest.TryPeek(out series) && series.IsGone)
            {
                _oldest.Dequeue();
                _gone--;
            }

            if (series is null || series.ChunkCount == 0)
            {
                return series?.Newest[0].Time;
            }

            SampleChunk.ReadRange(series.Chunks[0], out var first, out _);
            return first;
        }
    }

    /// <summary>Says that a series has begun a window, or was given a chunk.</summary>
    public void Enqueue(TimeSeries series) => _oldest.Enqueue(series);

    /// <summary>Packs the window into a chunk, of two full windows into one. Its place in the queue is the chunk's now; its room stays.</summary>
    public void Seal(TimeSeries series, uint now)
    {
        var newest = series.Newest;
        if (newest.Length == TimeSeries.WindowSamples && series.ChunkCount > 0 && series.Chunks[^1] is var chunk
            && SampleChunk.ReadRange(chunk, out _, out var last) == TimeSeries.WindowSamples && last < newest[0].Time)
        {
            var whole = _packed.AsSpan(0, SampleChunk.Append(_packed, chunk, newest)).ToArray();
            memory.Charge(series.Labels.Source, SeriesMemory.OfChunk(whole.Length) - SeriesMemory.OfChunk(chunk.Length), now);
            series.ReplaceNewestChunk(whole);
        }
        else
        {
            AddChunk(series, _packed.AsSpan(0, SampleChunk.Write(_packed, newest)).ToArray(), now);
        }

        series.ClearWindow();
    }

    /// <summary>Gives a series one more chunk, whose entries are the caller's to make.</summary>
    public void AddChunk(TimeSeries series, byte[] chunk, uint now)
    {
        series.AddChunk(chunk);
        memory.Charge(series.Labels.Source, SeriesMemory.OfChunk(chunk.Length), now);
    }

    /// <summary>Does a little when the budget is nearly used up, and all that is needed when it is.</summary>
    public void MakeRoom(uint now)
    {
        if (memory.Used <= memory.SoftBudget)
        {
            return;
        }

        var fair = memory.FairLevel;
        var spared = 0;
        for (var steps = 0; _oldest.Count > 0 && (memory.Used > memory.Budget || (steps < StepsAtOnce && memory.Used > memory.SoftBudget)); steps++)
        {
            var series = _oldest.Dequeue();
            var source = series.Labels.Source;
            if (series.IsGone)
            {
                _gone--;
            }
            else if (source.HeldBytes <= fair && now - source.LastCharge <= Idle && spared <= _oldest.Count)
            {
                _oldest.Enqueue(series);
                spared++;
            }
            else
            {
                spared = spared > _oldest.Count ? spared : 0; // when all were spared, fairness cannot be had
                EvictOldest(series, now);
            }
        }
    }

    /// <summary>Removes those of these series that got nothing for an hour.</summary>
    /// <returns>Whether there were any.</returns>
    public bool RemoveIdle(IEnumerable<LabelSet> sets, uint now)
    {
        List<TimeSeries> idle = [];
        foreach (var set in sets)
        {
            foreach (var series in set.Slots)
            {
                if (series is not null && now - series.LastAppend > Idle)
                {
                    idle.Add(series);
                }
            }
        }

        Remove(idle);
        return idle.Count > 0;
    }

    /// <summary>Removes series with all that they hold.</summary>
    public void Remove(IEnumerable<TimeSeries> removed)
    {
        foreach (var series in removed)
        {
            _gone += EntriesOf(series);
            while (series.ChunkCount > 0)
            {
                EvictChunk(series);
            }

            EvictWindow(series);
            index.Remove(series);
        }

        if (_gone > _oldest.Count / 2)
        {
            _oldest = new Queue<TimeSeries>(_oldest.Where(series => !series.IsGone));
            _gone = 0;
        }
    }

    /// <summary>Gives the window's room back; what was in it is packed.</summary>
    public void CloseWindow(TimeSeries series, uint now)
    {
        if (series.WindowCount > 0)
        {
            Seal(series, now);
        }

        memory.Charge(series.Labels.Source, -SeriesMemory.OfWindow(series.Window.Length), now);
        series.Window = [];
    }

    private void EvictOldest(TimeSeries series, uint now)
    {
        if (series.ChunkCount > 0)
        {
            if (EntriesOf(series.Chunks[0]) == 2 && !series.IsHalfSpent)
            {
                series.IsHalfSpent = true; // its second half is not the oldest yet
                return;
            }

            EvictChunk(series);
        }
        else if (series.WindowCount > 1)
        {
            CloseWindow(series, now); // most of its memory; the rest has its turn once more
            _oldest.Enqueue(series);
        }
        else
        {
            EvictWindow(series);
        }

        if (series.IsEmpty)
        {
            EvictWindow(series);
            index.Remove(series);
        }
    }

    /// <summary>How many of these a chunk has to have.</summary>
    public static int EntriesOf(ReadOnlySpan<byte> chunk) =>
        SampleChunk.ReadRange(chunk, out _, out _) > TimeSeries.WindowSamples ? 2 : 1;

    private void EvictChunk(TimeSeries series)
    {
        var chunk = series.RemoveOldestChunk();
        series.IsHalfSpent = false;
        counters.EvictedCount += SampleChunk.ReadRange(chunk, out _, out _);
        memory.Charge(series.Labels.Source, -SeriesMemory.OfChunk(chunk.Length), 0);
    }

    private void EvictWindow(TimeSeries series)
    {
        counters.EvictedCount += series.WindowCount;
        series.ClearWindow();
        memory.Charge(series.Labels.Source, -SeriesMemory.OfWindow(series.Window.Length), 0);
        series.Window = [];
    }
}
