namespace Loggregator.Nozzle.Spool.Format;

/// <summary>What a block holds.</summary>
internal enum BlockKind : uint
{
    /// <summary>Envelopes as they were appended.</summary>
    Envelopes = 0,

    /// <summary>Gap records in the place of the envelopes that a full spool dropped.</summary>
    Losses = 1,
}
