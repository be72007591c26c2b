namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// What one source instance's stamps say is missing and what was told of it. Made at the first jump or told loss, so that an instance
/// which loses nothing costs nothing. The ledger's lock guards it.
/// </summary>
internal sealed class StampAccount(string sourceId, string instanceId)
{
    private const int MaxRanges = 64; // beyond these the oldest stays missing, whoever comes late
    private readonly List<(ulong Counter, ulong First, ulong Last)> _ranges = [];

    public string SourceId { get; } = sourceId;

    public string InstanceId { get; } = instanceId;

    /// <summary>Numbers that were jumped over and have not come.</summary>
    public ulong Missing { get; private set; }

    /// <summary>Losses of numbered envelopes that others told.</summary>
    public ulong Told { get; set; }

    /// <summary>Timestamp of the envelope behind the last jump, UNIX nanoseconds.</summary>
    public long Timestamp { get; private set; }

    /// <summary>Monotonic; of the last jump or told loss.</summary>
    public long Changed { get; set; }

    /// <summary>A lost Doppler may be the cause: tell the rest when the grace is over.</summary>
    public bool Due { get; set; }

    /// <summary>It is over; a new jump needs a new one.</summary>
    public bool Closed { get; set; }

    /// <summary>All from <paramref name="first"/> to <paramref name="last"/> were jumped over.</summary>
    public void Jump(ulong counter, ulong first, ulong last, long timestamp)
    {
        if (_ranges.Count >= MaxRanges)
        {
            _ranges.RemoveAt(0);
        }

        _ranges.Add((counter, first, last));
        Missing += last - first + 1;
        Timestamp = timestamp;
    }

    /// <summary>More was told than is missing by now: the rest is for jumps to come.</summary>
    public void Settle()
    {
        Told -= Missing;
        Missing = 0;
        _ranges.Clear();
        Due = false;
    }

    /// <summary>A number has come after higher ones: late if it was missing, a copy else.</summary>
    public void Fill(ulong counter, ulong sequence)
    {
        for (var i = _ranges.Count - 1; i >= 0; i--)
        {
            var (of, first, last) = _ranges[i];
            if (of != counter || sequence < first || sequence > last)
            {
                continue;
            }

            Missing--;
            _ranges.RemoveAt(i);
            if (sequence < last)
            {
                _ranges.Insert(i, (counter, sequence + 1, last));
            }

            if (sequence > first)
            {
                _ranges.Insert(i, (counter, first, sequence - 1));
            }

            return;
        }
    }
}
