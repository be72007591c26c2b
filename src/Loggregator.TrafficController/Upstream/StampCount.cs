namespace Loggregator.TrafficController.Upstream;

/// <summary>What a stream knows of one count, that is of one source, instance, type and epoch.</summary>
internal struct StampCount
{
    public (ulong Source, ulong Counter) Key;

    /// <summary>The highest number that has come.</summary>
    public ulong Last;

    /// <summary>All from this number to <see cref="Last"/> have come, once each; meaningful once it is <see cref="Live"/>.</summary>
    public ulong First;

    /// <summary>By whom <see cref="Last"/> came.</summary>
    public Membership? By;

    public StampAccount? Account;

    /// <summary>Crashes that had been when it was last heard of.</summary>
    public uint Crashes;

    /// <summary>It was heard of behind the history: from then on each number counts.</summary>
    public bool Live;

    /// <summary>It was heard of since the clock's hand passed.</summary>
    public bool Recent;
}
