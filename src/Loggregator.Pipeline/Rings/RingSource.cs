namespace Loggregator.Pipeline.Rings;

/// <summary>A source that has envelopes in the ring.</summary>
internal struct RingSource
{
    /// <summary>Seeded hash of its id. Two sources with the same one (2⁻⁶⁴) share a weight; nothing else depends on it.</summary>
    public ulong Hash;

    /// <summary>Its oldest envelope.</summary>
    public int Head;

    /// <summary>Its newest envelope.</summary>
    public int Tail;

    /// <summary>Cells that its envelopes hold.</summary>
    public int Weight;

    /// <summary>Neighbour in the list of its bin.</summary>
    public int BinPrevious;

    /// <summary>Neighbour in the list of its bin; of a free slot, the next free one.</summary>
    public int BinNext;
}
