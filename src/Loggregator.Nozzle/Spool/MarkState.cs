namespace Loggregator.Nozzle.Spool;

/// <summary>What a read mark says.</summary>
/// <param name="Generation">Grows with each state.</param>
/// <param name="SpoolId">Drawn when the spool was made.</param>
/// <param name="Delivered">What was delivered, ascending.</param>
/// <param name="File">Name of the file that says so.</param>
/// <param name="Slot">Its slot that does.</param>
internal sealed record MarkState(ulong Generation, ulong SpoolId, IReadOnlyList<RecordRange> Delivered, string File, int Slot);
