using System.Text;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Drops the oldest segment that nobody reads: it is overwritten by gap records in the name of what it held, and cut. That needs no space, so it works
/// on a full disk, and the readers meet the gap records where the envelopes were. A crash in the middle leaves a damaged block and envelopes. One thread.
/// </summary>
internal sealed class Eviction(SpoolState state)
{
    private const int MaxHop = 48;
    private const int BytesPerEntry = 1024; // more than any gap record of a LossTable has, so that they all fit in the place of the segment
    private const int LeastEntries = 16, MostEntries = 10_000;

    /// <summary>The hop of a spool's losses.</summary>
    public static ReadOnlySpan<byte> Hop => "nozzle"u8;

    /// <summary>Drops one; false when there is none to drop, or the disk refuses.</summary>
    /// <param name="current">The segment that is being written to.</param>
    public bool TryEvict(Segment? current)
    {
        Segment segment;
        Segment? before;
        RecordRange[] delivered;
        lock (state.Gate)
        {
            var index = state.Segments.FindIndex(candidate => candidate != current && candidate.Lost == 0 && CanGo(candidate));
            if (index < 0)
            {
                return false;
            }

            segment = state.Segments[index];
            before = index > 0 && state.Segments[index - 1] is { Lost: > 0 } other && CanGo(other) ? other : null;
            segment.Leaving = true;
            before?.Leaving = true;
            delivered = [.. state.Delivered.Ranges];
        }

        try
        {
            // The mark first: a delivered record must not be missed when its segment is gone.
            if (!state.SyncMark())
            {
                return false;
            }

            Replace(segment, before, delivered);
            return true;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            Interlocked.Increment(ref state.Counters.Failures);
            SpoolLog.NotSwept(state.Logger, state.Options.Directory, e.Message);
            return false;
        }
        finally
        {
            lock (state.Gate)
            {
                segment.Leaving = false;
                before?.Leaving = false;
            }

            state.Readable.Set();
        }
    }

    private bool CanGo(Segment segment) =>
        segment.Pins == 0 && segment.Records.Count > 0 && !state.IsLeased(segment.Records) && !state.Delivered.Covers(segment.Records);

    private void Replace(Segment segment, Segment? before, RecordRange[] deliveredRanges)
    {
        var delivered = new RecordRanges();
        Array.ForEach(deliveredRanges, range => delivered.Add(range));
        var losses = new LossTable((int)Math.Clamp(segment.Length / BytesPerEntry, LeastEntries, MostEntries));
        if (before is not null)
        {
            Count(before, delivered, losses);
        }

        Count(segment, delivered, losses);
        var gone = segment.Records.Count - delivered.CountIn(segment.Records);
        var from = delivered.NextOutside(before?.Records.From ?? segment.Records.From);
        var records = new RecordRange(from, segment.Records.To);
        var content = Content(segment, records, losses);
        using (var file = state.Files.Open(segment.Name, write: true))
        {
            file.Write([content], 0);
            file.Sync();
            file.Truncate(content.Length);
            file.Sync();
        }

        lock (state.Gate)
        {
            segment.Replaced(records, gone + (before?.Lost ?? 0), content.Length);
            if (before is not null)
            {
                state.Segments.Remove(before);
            }

            state.Counters.Dropped += (long)gone;
        }

        if (before is not null)
        {
            state.Files.Delete(before.Name);
            state.Files.Sync();
        }
    }

    // What a segment holds undelivered, and in it the losses that were told to the nozzle and now are told by it.
    private void Count(Segment segment, RecordRanges delivered, LossTable losses)
    {
        using var file = state.Files.Open(segment.Name, write: false);
        using var walk = new SegmentWalk(file, segment.Salt, SegmentHeader.Length, SegmentWalk.UsualWindow);
        var expected = segment.Records.From;
        while (walk.MoveNext(segment.Length) && walk.Block.FirstRecord < segment.Records.To)
        {
            if (walk.Block.NextRecord <= expected)
            {
                continue;
            }

            CountMissing(new RecordRange(expected, Math.Max(expected, walk.Block.FirstRecord)), delivered, losses, walk.Block.AppendedAt);
            expected = walk.Block.NextRecord;
            if (delivered.Covers(new RecordRange(walk.Block.FirstRecord, walk.Block.NextRecord)))
            {
                continue;
            }

            var records = new RecordReader(walk.Records);
            while (records.MoveNext())
            {
                CountOne(records.Current, losses);
            }
        }

        CountMissing(new RecordRange(expected, Math.Max(expected, segment.Records.To)), delivered, losses, segment.CreatedAt);
    }

    private static void CountMissing(RecordRange missing, RecordRanges delivered, LossTable losses, long timestamp) =>
        losses.Add(LossTable.Other, [], LossReason.Invalid, (long)(missing.Count - delivered.CountIn(missing)), timestamp, upperBound: true);

    private static void CountOne(ReadOnlySpan<byte> envelope, LossTable losses)
    {
        RawEnvelope.TryReadHeader(envelope, out var header);
        if (GapRecord.TryRead(envelope, header, out var gap))
        {
            var hop = gap.Hop.SequenceEqual(Hop) ? "" : gap.Hop.Length <= MaxHop ? Encoding.UTF8.GetString(gap.Hop) : "other";
            losses.Add(gap.SourceId, gap.InstanceId, Reason(gap.Reason), (long)gap.Count, gap.Timestamp, hop: hop, upperBound: gap.UpperBound);
            return;
        }

        losses.Add(header.SourceId.Of(envelope), header.InstanceId.Of(envelope), LossReason.Evicted, 1, header.Timestamp);
    }

    private static LossReason Reason(ReadOnlySpan<byte> text)
    {
        for (var reason = 0; reason < LossReasonText.Count; reason++)
        {
            if (((LossReason)reason).Utf8().SequenceEqual(text))
            {
                return (LossReason)reason;
            }
        }

        return LossReason.Evicted;
    }

    private byte[] Content(Segment segment, RecordRange records, LossTable losses)
    {
        using var head = MessageBuffer.Rent(256);
        using var gaps = MessageBuffer.Rent(64 * 1024);
        using var envelope = MessageBuffer.Rent(1024);
        var count = 0;
        losses.Drain(loss =>
        {
            var hop = loss.Hop.Length > 0 ? Encoding.UTF8.GetBytes(loss.Hop) : Hop;
            envelope.Clear();
            GapRecord.Write(envelope, loss.SourceId.Span, loss.InstanceId.Span, (ulong)loss.Count, hop, loss.Reason.Utf8(), loss.LastTimestamp, loss.UpperBound);
            Records.Append(gaps, envelope.Span);
            count++;
            return true;
        });
        head.GetSpan(BlockHeader.Length);
        head.Advance(BlockHeader.Length);
        BlockOrigin.Write(head, state.Self, records.From, []);
        new BlockHeader(BlockKind.Losses, head.Length - BlockHeader.Length, gaps.Length, count, records.From, records.To, state.Now).Write(head.Writable, gaps.Span, segment.Salt);
        var content = new byte[SegmentHeader.Length + head.Length + gaps.Length];
        new SegmentHeader(segment.Number, segment.Salt, records.From, segment.CreatedAt).Write(content);
        head.Span.CopyTo(content.AsSpan(SegmentHeader.Length));
        gaps.Span.CopyTo(content.AsSpan(SegmentHeader.Length + head.Length));
        return content;
    }
}
