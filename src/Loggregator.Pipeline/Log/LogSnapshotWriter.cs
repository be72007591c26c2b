using System.Buffers.Binary;

namespace Loggregator.Pipeline.Log;

/// <summary>Writes a <see cref="LogSnapshot"/> block by block; the log takes in and evicts meanwhile, and waits while a block is copied.</summary>
internal sealed class LogSnapshotWriter(EnvelopeLog log, Stream target)
{
    private readonly List<byte> _rows = [];
    private byte[] _head = new byte[4096];
    private int _headLength;
    private byte[] _bytes = new byte[LogSnapshot.BlockBytes];
    private int _byteCount;

    /// <summary>Writes the newest of what is held, so much that there are at most so many bytes.</summary>
    public void Write(long maxBytes)
    {
        WriteSources(maxBytes / 4, out var written);
        long start, end;
        long[] incompleteTo;
        lock (log.AppendGate)
        {
            start = StartFor(maxBytes - written - LogSnapshot.BlockHeadBytes - LogSnapshot.TotalsBytes);
            end = log.Head;
            incompleteTo = [.. log.Classes.Select(kind => Math.Max(kind.EvictedTo, start - EnvelopeLog.FirstPosition))];
        }

        long rows = 0, bytes = 0;
        var incomplete = new long[incompleteTo.Length];
        while (start < end)
        {
            start = CopyBlock(start, end, incompleteTo, incomplete, out var age);
            rows += _rows.Count / LogSnapshot.RowBytes;
            bytes += _byteCount;
            if (_rows.Count > 0)
            {
                WriteBlock(age);
            }
        }

        _rows.Clear();
        _byteCount = 0;
        WriteBlock(0);
        Put64(rows);
        Put64(bytes);
        for (var kind = 0; kind < incomplete.Length; kind++)
        {
            Put64(incompleteTo[kind] > 0 ? Math.Max(incomplete[kind], 1) : 0);
        }

        Flush();
    }

    private void WriteSources(long maxBytes, out long written)
    {
        var count = 0;
        lock (log.AppendGate)
        {
            Put(LogSnapshot.HeadBytes);
            foreach (var entry in log.SourceTable.Entries)
            {
                if (entry.HeldRows > 0 && _headLength + LogSnapshot.SourceBytes + entry.Id.Length <= maxBytes)
                {
                    PutSource(entry);
                    count++;
                }
            }

            BinaryPrimitives.WriteInt32LittleEndian(_head, LogSnapshot.Version);
            BinaryPrimitives.WriteInt32LittleEndian(_head.AsSpan(4), count);
        }

        written = _headLength;
        Flush();
    }

    private void PutSource(SourceEntry entry)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Put(2), (ushort)entry.Id.Length);
        Put(1)[0] = entry.Ordinal == SourceTable.Other ? (byte)1 : (byte)0;
        Put64(entry.Envelopes);
        Put64(entry.Bytes);
        Put64(entry.Lost);
        Put64(entry.NewestTimestamp);
        for (var type = 0; type < TypeCounts.Length; type++)
        {
            Put64(entry.ByType[type]);
        }

        entry.Id.CopyTo(Put(entry.Id.Length));
    }

    // Of what does not fit, the oldest is left out.
    private long StartFor(long maxBytes)
    {
        var listed = log.Segments.List();
        for (var at = listed.Count - 1; at >= 0; at--)
        {
            var segment = listed[at].Segment;
            maxBytes -= LogSnapshot.BlockHeadBytes;
            for (var row = segment.Count - 1; row >= 0; row--)
            {
                maxBytes -= segment.Kinds[row] == RowKind.Dead ? 0 : segment.LengthOf(row) + LogSnapshot.RowBytes;
                if (maxBytes < 0)
                {
                    return segment.PositionOf(row) + 1;
                }
            }
        }

        return EnvelopeLog.FirstPosition;
    }

    /// <summary>Copies rows of one segment from a position on. Returns the position to go on from.</summary>
    private long CopyBlock(long start, long end, long[] incompleteTo, long[] incomplete, out long age)
    {
        _rows.Clear();
        _byteCount = 0;
        lock (log.AppendGate)
        {
            var (segment, row) = log.Segments.Locate(start);
            age = log.AgeOf(start);
            for (; row < segment.Count && segment.PositionOf(row) < end; row++)
            {
                if (segment.Kinds[row] == RowKind.Dead)
                {
                    continue;
                }

                var record = segment.Record(row);
                if (_byteCount > 0 && _byteCount + record.Length > LogSnapshot.BlockBytes)
                {
                    return segment.PositionOf(row);
                }

                PutRow(record, segment.Kinds[row]);
                for (var kind = 0; kind < incomplete.Length; kind++)
                {
                    incomplete[kind] += segment.PositionOf(row) <= incompleteTo[kind] ? 1 : 0;
                }
            }

            return row < segment.Count ? end : segment.Next is null ? end : Math.Max(segment.EndPosition, start);
        }
    }

    private void PutRow(ReadOnlySpan<byte> record, byte kind)
    {
        if (_bytes.Length < _byteCount + record.Length)
        {
            Array.Resize(ref _bytes, _byteCount + record.Length);
        }

        record.CopyTo(_bytes.AsSpan(_byteCount));
        _byteCount += record.Length;
        Span<byte> row = stackalloc byte[LogSnapshot.RowBytes];
        BinaryPrimitives.WriteInt32LittleEndian(row, record.Length);
        row[4] = kind;
        _rows.AddRange(row);
    }

    private void WriteBlock(long age)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Put(4), _rows.Count / LogSnapshot.RowBytes);
        BinaryPrimitives.WriteInt32LittleEndian(Put(4), _byteCount);
        Put64(age);
        Flush();
        target.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rows));
        target.Write(_bytes.AsSpan(0, _byteCount));
    }

    private void Put64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Put(8), value);

    private Span<byte> Put(int length)
    {
        if (_head.Length < _headLength + length)
        {
            Array.Resize(ref _head, Math.Max(_head.Length * 2, _headLength + length));
        }

        var place = _head.AsSpan(_headLength, length);
        _headLength += length;
        return place;
    }

    private void Flush()
    {
        target.Write(_head.AsSpan(0, _headLength));
        _headLength = 0;
    }
}
