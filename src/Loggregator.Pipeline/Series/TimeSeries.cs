using System.Runtime.CompilerServices;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// The samples of one metric: packed chunks, the oldest first, and a window of the newest ones, which are sorted in as they come. The last few of the window lie in the
/// object itself, so that most appends touch nothing else. A sample that is older than the window makes the chunk of its window overlap the ones before, and
/// readers merge. Store's lock, except what is set once.
/// </summary>
internal sealed class TimeSeries(LabelSet labels, SeriesName name, SeriesName unit, SeriesKind kind)
{
    /// <summary>Samples of a full window. Two of them make a full chunk.</summary>
    public const int WindowSamples = SampleChunk.BlockSamples;

    private const int TailSamples = 4;
    private byte[][] _chunks = [];
    private Sample[] _window = [];
    private Tail _tail; // newer than all of the window; without a window all there is
    private int _settled, _tailCount;
    private int _room = TailSamples; // of window and tail
    private long _lastTime;
    private int _firstChunk;

    public LabelSet Labels { get; } = labels;

    public SeriesName Name { get; } = name;

    /// <summary>Place in the name's list.</summary>
    public int PlaceInName { get; set; }

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

    /// <summary>Samples that there is room for in an array of its own; 0: there is none.</summary>
    public int WindowLength => _window.Length;

    /// <summary>The newest samples, which are not packed.</summary>
    public int WindowCount => _settled + _tailCount;

    /// <summary>There is no room for another sample: pack them, or give a larger window.</summary>
    public bool IsFull => WindowCount == _room;

    public int ChunkCount { get; private set; }

    public bool IsEmpty => WindowCount == 0 && ChunkCount == 0;

    /// <summary>The value that came last, if one is there: that of the window's newest sample, or of the newest chunk's.</summary>
    public double? LastValue
    {
        get
        {
            if (WindowCount > 0)
            {
                return Newest[^1].Value;
            }

            Span<Sample> samples = stackalloc Sample[SampleChunk.MaxSamples];
            var count = ChunkCount == 0 ? 0 : SampleChunk.Read(Chunks[^1], samples);
            return count == 0 ? null : samples[count - 1].Value;
        }
    }

    /// <summary>The window's samples by ascending time.</summary>
    public ReadOnlySpan<Sample> Newest => Settle()[..WindowCount];

    public ReadOnlySpan<byte[]> Chunks => _chunks.AsSpan(_firstChunk, ChunkCount);

    /// <summary>Reads what <see cref="Insert"/> is going to need.</summary>
    public long Fetch() => _tail[_tailCount % TailSamples].Time + (_tailCount == TailSamples && _settled < _window.Length ? _window[_settled].Time : 0);

    /// <summary>Puts a sample where it belongs in the window, which has room. False when it took the place of one.</summary>
    public bool Insert(long time, double value)
    {
        if (time <= _lastTime && WindowCount > 0)
        {
            return InsertLate(time, value);
        }

        if (_tailCount == TailSamples)
        {
            Settle();
        }

        _tail[_tailCount++] = new Sample(time, value);
        _lastTime = time;
        return true;
    }

    /// <summary>Gives another array, which has room for what is there; an empty one if nothing is.</summary>
    public void SetWindow(Sample[] window)
    {
        Newest.CopyTo(window);
        (_settled, _tailCount) = (WindowCount, 0);
        (_window, _room) = (window, Math.Max(window.Length, TailSamples));
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
    public void ClearWindow() => (_settled, _tailCount) = (0, 0);

    private bool InsertLate(long time, double value)
    {
        var samples = Settle();
        var at = WindowCount;
        while (at > 0 && samples[at - 1].Time >= time)
        {
            at--;
            if (samples[at].Time == time)
            {
                samples[at] = new Sample(time, value);
                return false;
            }
        }

        samples[at..WindowCount].CopyTo(samples[(at + 1)..]);
        samples[at] = new Sample(time, value);
        _settled += _window.Length > 0 ? 1 : 0;
        _tailCount += _window.Length > 0 ? 0 : 1;
        return true;
    }

    // Moves the tail behind the window, if there is one, and gives the room of all.
    private Span<Sample> Settle()
    {
        if (_window.Length == 0)
        {
            return _tail;
        }

        ((ReadOnlySpan<Sample>)_tail)[.._tailCount].CopyTo(_window.AsSpan(_settled));
        _settled += _tailCount;
        _tailCount = 0;
        return _window;
    }

    [InlineArray(TailSamples)]
    private struct Tail
    {
        private Sample _first;
    }
}
