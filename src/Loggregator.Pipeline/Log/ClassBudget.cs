namespace Loggregator.Pipeline.Log;

/// <summary>What all sources together hold of one class, and may hold. Append lock.</summary>
internal sealed class ClassBudget(EnvelopeClass kind)
{
    private long _evictedTo;

    public EnvelopeClass Class { get; } = kind;

    /// <summary>Memory for its rows; more while the other class needs less of its own.</summary>
    public long Budget { get; set; }

    /// <summary>What packing saves of that memory: its rows may be charged with so much more.</summary>
    public long Saved { get; set; }

    /// <summary>What its rows may be charged with.</summary>
    public long Whole => Budget + Saved;

    /// <summary>The charges of its sources.</summary>
    public WaterLevel Level { get; } = new();

    /// <summary>Rows and bytes appended: held + evicted.</summary>
    public long Rows { get; private set; }

    /// <inheritdoc cref="Rows"/>
    public long Bytes { get; private set; }

    public long HeldRows { get; private set; }

    public long HeldBytes { get; private set; }

    public long EvictedRows { get; private set; }

    public long EvictedBytes { get; private set; }

    /// <summary>Of the held rows, those in kept segments, and what they are charged.</summary>
    public long KeptRows { get; private set; }

    /// <inheritdoc cref="KeptRows"/>
    public long KeptCharge { get; private set; }

    /// <summary>Behind this position nothing of the class was ever evicted.</summary>
    public long EvictedTo => _evictedTo;

    /// <summary>While it holds no more than this, nothing of it is evicted. The eighth is for segments that are not full.</summary>
    public long Guaranteed => Whole / 8 * 7;

    public bool IsOver => HeldBytes + (HeldRows * SourceShare.RowCharge) > Guaranteed;

    /// <summary>What each source may be charged before it loses something: at least half of the budget by the number of sources.</summary>
    public long Fair => Level.LevelFor(Whole / 2);

    /// <summary>The pass over kept rows that is under way, or was last.</summary>
    public int Pass { get; private set; }

    public bool InPass { get; private set; }

    /// <summary>Where the pass goes on.</summary>
    public long PassFrom { get; set; }

    /// <summary>The next pass is worth its while when kept rows are charged more than this.</summary>
    private long PassAbove { get; set; }

    public void Append(ref SourceShare share, int length)
    {
        var before = share.Charge;
        share.Bytes += length;
        share.Rows++;
        Level.Change(before, share.Charge);
        Rows++;
        Bytes += length;
        HeldRows++;
        HeldBytes += length;
    }

    public void Evict(ref SourceShare share, int length, long position)
    {
        var before = share.Charge;
        share.Bytes -= length;
        share.Rows--;
        share.Evicted++;
        Level.Change(before, share.Charge);
        HeldRows--;
        HeldBytes -= length;
        EvictedRows++;
        EvictedBytes += length;
        _evictedTo = Math.Max(_evictedTo, position);
    }

    /// <summary>Of a log that was saved: up to this position something of the class may be missing.</summary>
    public void RestoreEvictedTo(long position) => _evictedTo = Math.Max(_evictedTo, position);

    /// <summary>A row came into the kept segments, or left them.</summary>
    public void CountKept(ref SourceShare share, int length, int by)
    {
        share.KeptRows += by;
        KeptRows += by;
        KeptCharge += by * (length + SourceShare.RowCharge);
    }

    /// <summary>Whether a pass over the kept rows goes on, or is to begin.</summary>
    public bool WantsPass()
    {
        PassAbove = Math.Min(PassAbove, KeptCharge + (Whole / 32));
        if (!InPass && IsOver && KeptCharge > PassAbove)
        {
            BeginPass();
        }

        return InPass && IsOver;
    }

    public void BeginPass()
    {
        InPass = true;
        PassFrom = 0;
        Pass++;
    }

    public void EndPass()
    {
        InPass = false;
        PassAbove = KeptCharge + (Whole / 32);
    }
}
