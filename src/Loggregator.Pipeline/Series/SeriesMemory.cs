using Loggregator.Pipeline.Log;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// The memory that series take, by source. What a source needs to have a series at all (<see cref="BaseBytes"/>) may take half of the budget, the
/// rest is for samples. Store's lock, except <see cref="Used"/>.
/// </summary>
internal sealed class SeriesMemory
{
    // What the objects take, measured; the benchmark `series` compares the sum with the heap.
    public const int PerSource = 320, PerSet = 200, PerSeries = 280, PerChunk = 60, PerWindow = 24, PerSample = 16;

    private readonly WaterLevel _level = new();
    private long _used;

    /// <summary>What all may take.</summary>
    public long Budget { get; set; }

    /// <summary>From here on room is made bit by bit, so that nobody waits for all of it at once.</summary>
    public long SoftBudget => Budget - (Budget / 64);

    /// <summary>All that is charged. Any thread.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Of this, what is there without any sample.</summary>
    public long BaseBytes { get; private set; }

    /// <summary>What a source may hold when all that is held is to fit.</summary>
    public long FairLevel => _level.LevelFor(SoftBudget);

    /// <summary>Whether so much more may be taken without samples.</summary>
    public bool HasRoomForBase(int bytes) => BaseBytes + bytes <= Budget / 2;

    public static int OfChunk(int length) => PerChunk + ((length + 7) & ~7);

    public static int OfWindow(int capacity) => capacity == 0 ? 0 : PerWindow + (capacity * PerSample);

    public void Charge(SeriesSource source, long bytes, uint now)
    {
        _level.Change(source.HeldBytes, source.HeldBytes + bytes);
        source.HeldBytes += bytes;
        source.LastCharge = bytes > 0 ? now : source.LastCharge;
        Volatile.Write(ref _used, _used + bytes);
    }

    public void ChargeBase(SeriesSource source, int bytes, uint now)
    {
        BaseBytes += bytes;
        Charge(source, bytes, now);
    }
}
