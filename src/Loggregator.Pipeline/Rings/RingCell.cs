namespace Loggregator.Pipeline.Rings;

/// <summary>
/// Links of one cell. An envelope is known by its first cell, and only there is more than <see cref="Next"/> of meaning.
/// All links are cell numbers; -1 ends a list.
/// </summary>
internal struct RingCell
{
    /// <summary>The next cell of the same envelope; of a free cell, the next free one.</summary>
    public int Next;

    /// <summary>The envelope that arrived after this one in its lane.</summary>
    public int LaneNext;

    /// <summary>The envelope that arrived before this one in its lane.</summary>
    public int LanePrevious;

    /// <summary>The envelope that arrived after this one from its source.</summary>
    public int SourceNext;

    /// <summary>Its source's slot in <see cref="RingSources"/>.</summary>
    public int Source;

    /// <summary>Bytes of the envelope.</summary>
    public int Length;
}
