using System.Buffers;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>
/// Writes AttachFrames piece by piece into a buffer, without the generated class. Protobuf leaves the order of fields free, so the pieces are
/// written as they come: copy a block of records (they are field 1 already), write its run, copy the next block, and so on. Runs must come
/// in the order of their records, and their counts add up to the number of records.
/// </summary>
public static class AttachFrameCodec
{
    internal const uint Runs = 18;
    private const uint Gaps = 34;
    internal const uint RunCount = 8, RunSubscriptions = 18, RunNextPosition = 24, RunPositions = 34;

    /// <summary>
    /// Writes the run of <paramref name="count"/> records; a subscription listed k times gets each of them k times. The ascending positions of
    /// the records are for those who acknowledge.
    /// </summary>
    public static void WriteRun(
        IBufferWriter<byte> writer, int count, ReadOnlySpan<uint> subscriptions, ulong nextPosition, ReadOnlySpan<long> positions = default)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var packed = 0;
        foreach (var subscription in subscriptions)
        {
            packed += WireWriter.VarintLength(subscription);
        }

        var steps = 0;
        var before = 0L;
        foreach (var position in positions)
        {
            steps += WireWriter.VarintLength((ulong)(position - before));
            before = position;
        }

        var content = WireWriter.NumberLength(RunCount, (uint)count)
            + WireWriter.FieldLength(RunSubscriptions, packed)
            + WireWriter.NumberLength(RunNextPosition, nextPosition)
            + (positions.IsEmpty ? 0 : WireWriter.FieldLength(RunPositions, steps));
        var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(Runs, content)));
        wire.Header(Runs, content);
        wire.Number(RunCount, (uint)count);
        wire.Header(RunSubscriptions, packed);
        foreach (var subscription in subscriptions)
        {
            wire.Varint(subscription);
        }

        wire.Number(RunNextPosition, nextPosition);
        if (!positions.IsEmpty)
        {
            wire.Header(RunPositions, steps);
            before = 0;
            foreach (var position in positions)
            {
                wire.Varint((ulong)(position - before));
                before = position;
            }
        }

        wire.CommitTo(writer);
    }

    /// <summary>Writes one gap.</summary>
    public static void WriteGap(IBufferWriter<byte> writer, in GapNotice gap)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var content = WireWriter.NumberLength(8, gap.Subscription)
            + WireWriter.TextLength(18, gap.SourceId)
            + WireWriter.TextLength(26, gap.InstanceId)
            + WireWriter.NumberLength(32, gap.Count)
            + WireWriter.TextLength(42, gap.Hop)
            + WireWriter.TextLength(50, gap.Reason)
            + WireWriter.NumberLength(56, gap.FirstPosition)
            + WireWriter.NumberLength(64, gap.LastPosition)
            + WireWriter.NumberLength(72, (ulong)gap.FirstTimestamp)
            + WireWriter.NumberLength(80, (ulong)gap.LastTimestamp)
            + WireWriter.NumberLength(88, gap.UpperBound ? 1u : 0);
        var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(Gaps, content)));
        wire.Header(Gaps, content);
        wire.Number(8, gap.Subscription);
        wire.Text(18, gap.SourceId);
        wire.Text(26, gap.InstanceId);
        wire.Number(32, gap.Count);
        wire.Text(42, gap.Hop);
        wire.Text(50, gap.Reason);
        wire.Number(56, gap.FirstPosition);
        wire.Number(64, gap.LastPosition);
        wire.Number(72, (ulong)gap.FirstTimestamp);
        wire.Number(80, (ulong)gap.LastTimestamp);
        wire.Number(88, gap.UpperBound ? 1u : 0);
        wire.CommitTo(writer);
    }

    /// <summary>Writes the rare parts (hello, opened, held, leaving, closed) from a generated frame, whose records and runs stay empty.</summary>
    public static void WriteRest(IBufferWriter<byte> writer, AttachFrame rest)
    {
        ArgumentNullException.ThrowIfNull(writer);
        rest.WriteTo(writer);
    }
}
