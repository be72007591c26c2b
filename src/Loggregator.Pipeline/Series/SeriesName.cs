namespace Loggregator.Pipeline.Series;

/// <summary>A metric's name or unit, one object however many series have it.</summary>
internal sealed class SeriesName(byte[] utf8, ulong hash)
{
    /// <summary>In place of a unit where there is none.</summary>
    public static readonly SeriesName None = new([], 0);

    public byte[] Utf8 { get; } = utf8;

    public ulong Hash { get; } = hash;

    /// <summary>Series that have it, in a <see cref="NameTable"/>.</summary>
    public int Uses { get; set; }
}
