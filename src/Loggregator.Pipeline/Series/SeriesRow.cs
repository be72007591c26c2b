namespace Loggregator.Pipeline.Series;

/// <summary>One envelope of a <see cref="SeriesBatch"/>; offsets are into the message, those of the canonical form into the batch.</summary>
internal struct SeriesRow
{
    /// <summary>Of its identity, see <see cref="Protocol.Envelopes.EnvelopeIdentity.Hash"/>.</summary>
    public UInt128 Hash;

    public int Offset, Length;

    /// <summary>Of the canonical identity where that is not simply the envelope's; else the length is 0.</summary>
    public int CanonicalOffset, CanonicalLength;

    /// <summary>UNIX milliseconds, rounded down.</summary>
    public long Time;

    /// <summary>Metrics of this envelope; 0 of an http timer.</summary>
    public int Metrics;

    /// <summary>What an http timer measured.</summary>
    public double Seconds;
}

/// <summary>One metric of a <see cref="SeriesRow"/>; offsets are into the message.</summary>
internal struct MetricRow
{
    public ulong NameHash;
    public double Value;
    public int NameOffset, NameLength, UnitOffset, UnitLength;
    public SeriesKind Kind;
}
