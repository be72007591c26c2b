using Loggregator.Client.Consume;

namespace Loggregator.Nozzle.Spool;

/// <summary>One envelope of a batch with its cursor, by which a receiver can drop duplicates: the same envelope has it at each delivery.</summary>
/// <param name="Envelope">The envelope's bytes, valid until the batch is disposed.</param>
/// <param name="Doppler">Whose position it is. Gap records that the spool itself wrote have the id <c>nozzle</c> and the spool's number.</param>
/// <param name="Position">In that Doppler's log; of the spool's own gap records, the number of a lost record.</param>
internal readonly record struct SpoolRecord(ReadOnlyMemory<byte> Envelope, DopplerIdentity Doppler, ulong Position);
