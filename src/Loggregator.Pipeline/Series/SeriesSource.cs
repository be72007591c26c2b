namespace Loggregator.Pipeline.Series;

/// <summary>What the store holds of one source. Store's lock.</summary>
internal sealed class SeriesSource(UInt128 hash, byte[] id)
{
    /// <summary>Hash of <see cref="Id"/>.</summary>
    public UInt128 Hash { get; } = hash;

    public byte[] Id { get; } = id;

    public List<LabelSet> Sets { get; } = [];

    public int SeriesCount { get; set; }

    /// <summary>Memory of all that is held of it.</summary>
    public long HeldBytes { get; set; }

    /// <summary>When it last needed memory, in the store's seconds.</summary>
    public uint LastCharge { get; set; }

    /// <summary>Before this second there is no use in looking for idle series once more.</summary>
    public uint NextSearch { get; set; }

    /// <summary>Samples folded since there is a series of it.</summary>
    public long Folded { get; set; }

    /// <summary>Time of the newest of these, UNIX milliseconds.</summary>
    public long FoldedTime { get; set; }

    /// <summary>In the list of those whose <see cref="Folded"/> is to become a sample.</summary>
    public bool FoldedIsDue { get; set; }
}
