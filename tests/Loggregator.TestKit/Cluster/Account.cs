namespace Loggregator.TestKit.Cluster;

/// <summary>Two sums of counters that are equal at rest.</summary>
/// <param name="Name">What must be equal, in words.</param>
/// <param name="In">What came.</param>
/// <param name="Out">Where it went.</param>
internal sealed record Account(string Name, long In, long Out)
{
    /// <summary>Whether it adds up.</summary>
    public bool Holds => In == Out;

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {In} != {Out} ({In - Out:+0;-0})";
}
