using System.Runtime.CompilerServices;

namespace Loggregator.Pipeline.Log;

/// <summary>What one source holds of one class. Append lock.</summary>
internal struct SourceShare
{
    /// <summary>Memory that a row is charged with beside its bytes: what a kept row takes, and some room for what is unused.</summary>
    public const int RowCharge = 24;

    public long Bytes, Rows;

    /// <summary>Of these, rows in kept segments.</summary>
    public long KeptRows;

    /// <summary>Rows that left the log.</summary>
    public long Evicted;

    /// <summary>The trimming pass in which a row of this share was let be; then its newer ones are too.</summary>
    public int SparedIn;

    public readonly long Charge => Bytes + (Rows * RowCharge);
}

/// <summary>A share for each <see cref="EnvelopeClass"/>.</summary>
[InlineArray(2)]
internal struct SourceShares
{
    private SourceShare _first;
}
