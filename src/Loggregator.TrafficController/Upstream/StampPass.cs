namespace Loggregator.TrafficController.Upstream;

/// <summary>How far the ledger has noted a page, and what it found there. Used again for the next page after <see cref="Reset"/>.</summary>
internal sealed class StampPass
{
    /// <summary>Marks of the page that are noted.</summary>
    public int Noted { get; set; }

    /// <summary>Who may still bring what the next mark jumps over; null: the whole page is noted.</summary>
    public Membership? Awaited { get; set; }

    /// <summary>Offsets of the records that the stream has had from another Doppler, by the same stamp; ascending.</summary>
    public List<int> Copies { get; } = [];

    /// <summary>Something may have to be told as lost when the grace is over.</summary>
    public bool Due { get; set; }

    public void Reset()
    {
        Noted = 0;
        Awaited = null;
        Due = false;
        Copies.Clear();
    }
}
