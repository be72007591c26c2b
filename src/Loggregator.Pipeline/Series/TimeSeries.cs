namespace Loggregator.Pipeline.Series;

/// <summary>
/// The samples of one metric: packed chunks, the oldest first, and a window of the newest ones, which are sorted in as they come. A sample that is older than the
/// window makes the chunk of its window overlap the ones before, and readers merge. Store's lock, except what is set once.
/// </summary>
internal sealed class TimeSeries(LabelSet labels, SeriesName name, SeriesName unit, SeriesKind kind)
{
    /// <summary>Samples of a full window. Two of them make a full chunk.</summary>
    public const int WindowSamples = SampleChunk.BlockSamples;

    private byte[][] _chunks = [];
    private int _firstChunk;

    public LabelSet Labels { get; } = labels;

    public SeriesName Name { get; } = name;

    public SeriesName Unit { get; set; } = unit;

    public SeriesKind Kind { get; } = kind;

    /// <summary>It was removed; whoever still points to it looks for another.</summary>
    public bool IsGone { get; set; }

    /// <summary>Of the oldest chunk, which has two entries in the queue of the oldest, the first has been there. See <see cref="SeriesEviction"/>.</summary>
    public bool IsHalfSpent { get; set; }

    /// <summary>The store made it, see <see cref="DerivedSeries"/>.</summary>
    public bool IsDerived { get; set; }

    /// <summary>When a sample came last, in the store's seconds.</summary>
    public uint LastAppend { get; set; }

    /// <summary>Room for the newest samples; the first <see cref="WindowCount"/> are there, their times ascend.</summary>
    public Sample[] Window { get; set; } = [];

    public int WindowCount { get; private set; }

    public int ChunkCount { get; private set; }

    public bool IsEmpty => WindowCount == 0 && ChunkCount == 0;

    /// <summary>The value that came last, if one is there: that of the window's newest sample, or of the newest chunk's.</summary>
    public double? LastValue
    {
        get
        {
            if (WindowCount > 0)
            {
                return Window[WindowCount - 1].Value;
            }

            Span<Sample> samples = stackalloc Sample[SampleChunk.MaxSamples];
            var count = ChunkCount == 0 ? 0 : SampleChunk.Read(Chunks[^1], samples);
            return count == 0 ? null : samples[count - 1].Value;
        }
    }

    public ReadOnlySpan<Sample> Newest => Window.AsSpan(0, WindowCount);

    public ReadOnlySpan<byte[]> Chunks => _chunks.AsSpan(_firstChunk, ChunkCount);

    /// <summary>Reads what <see cref="Insert"/> is going to need.</summary>
    public long Fetch() => WindowCount < Window.Length ? Window[WindowCount].Time : 0;

    /// <summary>Puts a sample where it belongs in the window, which has room. False when it took the place of one.</summary>
    public bool Insert(long time, double value)
    {
        var at = WindowCount;
        while (at > 0 && Window[at - 1].Time >= time)
        {
            at--;
            if (Window[at].Time == time)
            {
                Window[at] = new Sample(time, value);
                return false;
            }
        }

        Window.AsSpan(at, WindowCount - at).CopyTo(Window.AsSpan(at + 1));
        Window[at] = new Sample(time, value);
        WindowCount++;
        return true;
    }

    /// <summary>Puts a chunk behind the others.</summary>
    public void AddChunk(byte[] chunk)
    {
        if (_firstChunk + ChunkCount == _chunks.Length)
        {
            var roomy = _firstChunk > ChunkCount;
            var chunks = roomy ? _chunks : new byte[Math.Max(2, ChunkCount + (ChunkCount / 2))][];
            Chunks.CopyTo(chunks);
            if (roomy)
            {
                chunks.AsSpan(ChunkCount).Clear();
            }

            (_chunks, _firstChunk) = (chunks, 0);
        }

        _chunks[_firstChunk + ChunkCount++] = chunk;
    }

    /// <summary>Puts a chunk in the place of the newest one.</summary>
    public void ReplaceNewestChunk(byte[] chunk) => _chunks[_firstChunk + ChunkCount - 1] = chunk;

    /// <summary>Takes the oldest chunk out.</summary>
    public byte[] RemoveOldestChunk()
    {
        var chunk = _chunks[_firstChunk];
        _chunks[_firstChunk++] = [];
        ChunkCount--;
        return chunk;
    }

    /// <summary>Empties the window, its room stays.</summary>
    public void ClearWindow() => WindowCount = 0;
}
