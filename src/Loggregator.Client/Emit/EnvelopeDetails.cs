namespace Loggregator.Client;

/// <summary>What differs from an <see cref="Emitter"/>'s defaults, for one envelope or for many: it may be kept and used again.</summary>
public sealed record EnvelopeDetails
{
    /// <summary>Whose envelope it is; null: <see cref="EmitterOptions.SourceId"/>.</summary>
    public string? SourceId { get; init; }

    /// <summary>Which instance of it; null: <see cref="EmitterOptions.InstanceId"/>.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Tags besides those of <see cref="EmitterOptions.Tags"/>; of equal names these count.</summary>
    public IEnumerable<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>When it happened; null: now.</summary>
    public DateTimeOffset? Timestamp { get; init; }
}
