using Loggregator.Client.Consume;

namespace Loggregator.Nozzle.Spool;

/// <summary>One block of a batch, as offsets into the batch's buffer.</summary>
internal readonly record struct BatchBlock(DopplerIdentity Doppler, ulong Position, int DeltasOffset, int DeltasLength, int RecordsOffset, int RecordsLength, int Count);
