namespace Loggregator.Pipeline.Log;

/// <summary>What the log knows of one source. Append lock.</summary>
internal sealed class SourceEntry(int ordinal)
{
    public TypeCounts ByType;
    private SourceShares _shares;

    public int Ordinal { get; } = ordinal;

    public byte[] Id { get; set; } = [];

    public ulong Hash { get; set; }

    /// <summary>Subscriptions that name this source: the ordinal must not be given to another.</summary>
    public int Pins { get; set; }

    /// <summary>Consumers to wake when a record of this source was appended; null if there is none.</summary>
    public LogConsumer[]? Watchers { get; set; }

    /// <summary>Rows of all classes.</summary>
    public long HeldRows { get; set; }

    /// <summary>Rows appended in all, and their bytes.</summary>
    public long Envelopes { get; set; }

    /// <inheritdoc cref="Envelopes"/>
    public long Bytes { get; set; }

    /// <summary>Of what left the log, times a subscription had not read one.</summary>
    public long Lost { get; set; }

    public long NewestTimestamp { get; set; }

    /// <summary>Position of the newest row; -1 if there never was one.</summary>
    public long LastPosition { get; set; } = -1;

    /// <summary>When the newest row was appended, in the log's seconds.</summary>
    public long LastAppend { get; set; }

    /// <summary>In the queue of entries that may be given to another source.</summary>
    public bool Reclaimable { get; set; }

    /// <summary>What it holds of a class.</summary>
    public ref SourceShare Share(EnvelopeClass kind) => ref _shares[(int)kind];

    /// <summary>Adds the history of an entry whose ordinal goes to another source.</summary>
    public void Fold(SourceEntry gone)
    {
        for (var type = 0; type < TypeCounts.Length; type++)
        {
            ByType[type] += gone.ByType[type];
            gone.ByType[type] = 0;
        }

        Envelopes += gone.Envelopes;
        Bytes += gone.Bytes;
        for (var kind = 0; kind < 2; kind++)
        {
            _shares[kind].Evicted += gone._shares[kind].Evicted;
        }

        gone._shares = default;
        Lost += gone.Lost;
        gone.Envelopes = gone.Bytes = gone.Lost = gone.NewestTimestamp = 0;
        gone.LastPosition = -1;
    }
}
