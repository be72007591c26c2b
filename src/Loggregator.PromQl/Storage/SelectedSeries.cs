namespace Loggregator.PromQl.Storage;

/// <summary>A store's answer to one selection.</summary>
/// <param name="Series">No two with equal labels, sorted by <see cref="Labels.Compare"/>.</param>
/// <param name="Warnings">What the user should know, such as that a part of the store did not answer.</param>
public sealed record SelectedSeries(IReadOnlyList<Series> Series, IReadOnlyList<string> Warnings);
