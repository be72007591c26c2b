using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// One place of a spool from which batches are read. Keeps the file of the segment where it stands open, so that reading on costs no search. One thread.
/// </summary>
internal sealed class SpoolCursor(SpoolState state, int batchBytes) : IDisposable
{
    private const int UsualBlocks = 32;

    private Segment? _segment;
    private int _version;
    private ISpoolFile? _file;
    private SegmentWalk? _walk;
    private DopplerIdentity _doppler = new("", 0);
    private byte[] _dopplerId = [];

    /// <summary>The next record that it reads, if it reads on from where it stands.</summary>
    public ulong Next { get; private set; }

    /// <summary>
    /// Reads and leases what stands from <paramref name="record"/> on, up to but not including <paramref name="until"/>. Null when there is nothing to
    /// read now. Of a record that cannot be read the batch tells a gap.
    /// </summary>
    public SpoolBatch? Read(ulong record, ulong until)
    {
        Segment? segment;
        long start, end;
        lock (state.Gate)
        {
            until = Math.Min(until, state.NextRecord);
            segment = state.Find(record);
            if (record >= until || segment is { Leaving: true })
            {
                return null;
            }

            if (segment is null || segment.Records.From > record)
            {
                return Lease(Gap(record, Math.Min(until, segment?.Records.From ?? until), 1, "a missing segment"));
            }

            segment.Pins++;
            until = Math.Min(until, segment.Records.To);
            (start, end) = (segment.OffsetBefore(record), segment.Length);
            if (segment != _segment || segment.Version != _version || record != Next)
            {
                Close();
            }

            (_segment, _version) = (segment, segment.Version);
        }

        try
        {
            return Lease(ReadFrom(segment, start, end, record, until));
        }
        catch (FileNotFoundException)
        {
            Close(); // removed from outside: what was in it is told as damaged
            return Lease(Gap(record, until, 1, segment.Name));
        }
        finally
        {
            lock (state.Gate)
            {
                segment.Pins--;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private SpoolBatch Lease(SpoolBatch batch)
    {
        Next = batch.Records.To;
        lock (state.Gate)
        {
            state.Lease(batch);
        }

        return batch;
    }

    private SpoolBatch ReadFrom(Segment segment, long start, long end, ulong record, ulong until)
    {
        _file ??= state.Files.Open(segment.Name, write: false);
        _walk ??= new SegmentWalk(_file, segment.Salt, start, batchBytes);
        var damaged = _walk.Damaged;
        while (_walk.MoveNext(end))
        {
            var block = _walk.Block;
            if (block.NextRecord <= record)
            {
                continue; // delivered, or under gap records that replaced it
            }

            if (block.FirstRecord > record)
            {
                _walk.Unread();
                return Gap(record, Math.Min(until, block.FirstRecord), Math.Max(1, _walk.Damaged - damaged), segment.Name);
            }

            return Collect(end, until);
        }

        return Gap(record, until, Math.Max(1, _walk.Damaged - damaged), segment.Name);
    }

    // The current block and those that follow it in the window without a gap.
    private SpoolBatch Collect(long end, ulong until)
    {
        var walk = _walk!;
        var blocks = new List<BatchBlock>(UsualBlocks);
        var first = walk.Block;
        var next = first.FirstRecord;
        do
        {
            if (walk.Block.FirstRecord != next || walk.Block.FirstRecord >= until || walk.Block.Kind != first.Kind)
            {
                walk.Unread();
                break;
            }

            next = walk.Block.NextRecord;
            Add(blocks, walk);
        }
        while (first.Kind == BlockKind.Envelopes && walk.MoveNext(end, refill: false));
        return new SpoolBatch(
            state, new RecordRange(first.FirstRecord, next), walk.Detach(), blocks, first.AppendedAt, first.Kind == BlockKind.Losses, damagedPlaces: 0);
    }

    private void Add(List<BatchBlock> blocks, SegmentWalk walk)
    {
        BlockOrigin.TryRead(walk.Origin, out var id, out var incarnation, out var position, out var deltas);
        if (_doppler.Incarnation != incarnation || !id.SequenceEqual(_dopplerId))
        {
            _dopplerId = id.ToArray();
            _doppler = new DopplerIdentity(Encoding.UTF8.GetString(id), incarnation);
        }

        var origin = walk.BlockAt + BlockHeader.Length;
        var records = origin + walk.Block.OriginLength;
        blocks.Add(new BatchBlock(_doppler, position, records - deltas.Length, deltas.Length, records, walk.Block.RecordsLength, walk.Block.Count));
    }

    // Tells that records are gone: the number is exact, but what was never acknowledged of them comes again from upstream.
    private SpoolBatch Gap(ulong from, ulong to, int places, string where)
    {
        SpoolLog.Damaged(state.Logger, state.Options.Directory, to - from, places, where);
        using var envelope = MessageBuffer.Rent(256);
        GapRecord.Write(envelope, LossTable.Other, [], to - from, Eviction.Hop, LossReason.Invalid.Utf8(), state.Now, upperBound: true);
        var buffer = MessageBuffer.Rent(envelope.Length + Records.MaxHeaderLength);
        Records.Append(buffer, envelope.Span);
        List<BatchBlock> blocks = [new BatchBlock(state.Self, from, 0, 0, 0, buffer.Length, 1)];
        return new SpoolBatch(state, new RecordRange(from, to), buffer, blocks, state.Now, isLoss: true, places);
    }

    private void Close()
    {
        _walk?.Dispose();
        _file?.Dispose();
        (_walk, _file, _segment) = (null, null, null);
    }
}
