namespace Loggregator.Protocol.Envelopes;

/// <summary>An event's fields, merged over all of its occurrences in the envelope.</summary>
public readonly ref struct EventFields
{
    /// <summary>UTF-8 title.</summary>
    public ReadOnlySpan<byte> Title { get; init; }

    /// <summary>UTF-8 body.</summary>
    public ReadOnlySpan<byte> Body { get; init; }
}
