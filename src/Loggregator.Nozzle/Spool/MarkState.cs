namespace Loggregator.Nozzle.Spool;

/// <summary>What a read mark says.</summary>
/// <param name="Generation">Grows with each state.</param>
/// <param name="SpoolId">Drawn when the spool was made.</param>
/// <param name="Delivered">What was delivered, ascending.</param>
internal sealed record MarkState(ulong Generation, ulong SpoolId, IReadOnlyList<RecordRange> Delivered);
