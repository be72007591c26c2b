namespace Loggregator.TrafficController.Metrics;

/// <summary>Whose metrics a caller may see. Immutable.</summary>
internal sealed class SourceScope
{
    private readonly HashSet<string>? _sourceIds;

    private SourceScope(HashSet<string>? sourceIds) => _sourceIds = sourceIds;

    /// <summary>Those of all sources.</summary>
    public static SourceScope Everything { get; } = new(null);

    /// <summary>Those of some sources.</summary>
    public static SourceScope Of(IEnumerable<string> sourceIds) => new(sourceIds.ToHashSet(StringComparer.Ordinal));

    /// <summary>Whether these are among them.</summary>
    public bool Allows(string sourceId) => _sourceIds is null || _sourceIds.Contains(sourceId);

    /// <summary>What is left of the sources that a caller names (null: none is named); null: all.</summary>
    public IReadOnlyCollection<string>? Narrow(IReadOnlyCollection<string>? named) =>
        named is null ? _sourceIds : _sourceIds is null ? named : [.. named.Where(_sourceIds.Contains)];
}
