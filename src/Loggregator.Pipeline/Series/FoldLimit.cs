namespace Loggregator.Pipeline.Series;

/// <summary>Which limit a new series would have passed.</summary>
public enum FoldLimit
{
    /// <summary>That of its source.</summary>
    Source,

    /// <summary>That of all series.</summary>
    All,

    /// <summary>Half of the memory is taken by what series need before they have a sample.</summary>
    Memory,
}
