namespace Loggregator.Protocol.Envelopes;

/// <summary>A counter's fields, merged over all of its occurrences in the envelope as protobuf's readers do.</summary>
public readonly ref struct CounterFields
{
    /// <summary>UTF-8 name.</summary>
    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>Its growth.</summary>
    public ulong Delta { get; init; }

    /// <summary>Its total.</summary>
    public ulong Total { get; init; }
}
