namespace Loggregator.Pipeline.Series;

/// <summary>A metric's name or unit, one object however many series have it.</summary>
/// <param name="utf8">The text.</param>
/// <param name="hash">Of the text.</param>
/// <param name="key">In the <see cref="NameTable"/>.</param>
internal sealed class SeriesName(byte[] utf8, ulong hash, ulong key)
{
    /// <summary>In place of a unit where there is none.</summary>
    public static readonly SeriesName None = new([], 0, 0);

    public byte[] Utf8 { get; } = utf8;

    public ulong Hash { get; } = hash;

    public ulong Key { get; } = key;

    /// <summary>The series of this name.</summary>
    public List<TimeSeries> Series { get; } = [];

    /// <summary>Series that have it, in a <see cref="NameTable"/>.</summary>
    public int Uses { get; set; }
}
