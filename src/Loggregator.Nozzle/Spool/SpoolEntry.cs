using Loggregator.Client.Consume;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Consecutive records (<c>0A varint(length) envelope</c>) of one buffer that come from one run of one Doppler: what one append stores as one block.
/// </summary>
/// <param name="Buffer">Whose bytes these are. The spool retains it until they are stored.</param>
/// <param name="Offset">Of the first record, tag and length included.</param>
/// <param name="Length">Of all records.</param>
/// <param name="Count">Number of records, at least 1.</param>
/// <param name="Doppler">Whose positions they are.</param>
/// <param name="Position">Of the first record, in the Doppler's log; the others follow one by one.</param>
/// <param name="Positions">
/// Instead, where they do not follow one by one: the position of each record, none smaller than the one before. Read before the append returns.
/// </param>
internal readonly record struct SpoolEntry(
    MessageBuffer Buffer, int Offset, int Length, int Count, DopplerIdentity Doppler, ulong Position, ReadOnlyMemory<ulong> Positions = default);
