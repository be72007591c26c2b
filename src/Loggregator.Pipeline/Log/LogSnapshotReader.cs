using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>Reads a <see cref="LogSnapshot"/> into an empty log; every length is checked before it is believed.</summary>
internal sealed class LogSnapshotReader(EnvelopeLog log, Stream source)
{
    private readonly AppendBatch _batch = new(log);
    private byte[] _rows = [];
    private byte[] _bytes = [];

    /// <summary>Appends the rows.</summary>
    /// <exception cref="LogSnapshotException">The bytes are no saved log, or not all of one.</exception>
    public void Read()
    {
        var head = new SnapshotFields(Take(LogSnapshot.HeadBytes));
        var version = head.Int32();
        Require(version == LogSnapshot.Version, $"it has the version {version}, and {LogSnapshot.Version} is read");
        var sources = ReadSources(head.Int32());
        long rows = 0, bytes = 0;
        while (ReadBlock(ref rows, ref bytes))
        {
        }

        var totals = new SnapshotFields(Take(LogSnapshot.TotalsBytes));
        var (allRows, allBytes) = (totals.Int64(), totals.Int64());
        Require(rows == allRows && bytes == allBytes, $"it has {rows} envelopes of {bytes} bytes, and says {allRows} of {allBytes}");
        foreach (var kind in log.Classes)
        {
            var incomplete = totals.Int64();
            Require(incomplete >= 0 && incomplete <= rows + 1, $"{incomplete} of its {rows} envelopes have neighbours that were evicted");
            kind.RestoreEvictedTo(EnvelopeLog.FirstPosition - 1 + incomplete);
        }

        foreach (var saved in sources)
        {
            Restore(saved);
        }
    }

    private List<SavedSource> ReadSources(int count)
    {
        Require(count >= 0, $"it has {count} sources");
        var sources = new List<SavedSource>();
        for (; count > 0; count--)
        {
            var fields = new SnapshotFields(Take(LogSnapshot.SourceBytes));
            var idLength = fields.UInt16();
            var saved = new SavedSource { IsOther = fields.Byte() == 1, Envelopes = fields.Int64(), Bytes = fields.Int64(), Lost = fields.Int64(), Newest = fields.Int64() };
            for (var type = 0; type < TypeCounts.Length; type++)
            {
                saved.ByType[type] = fields.Int64();
            }

            saved.Id = Take(idLength).ToArray();
            sources.Add(saved);
        }

        return sources;
    }

    private bool ReadBlock(ref long rows, ref long bytes)
    {
        var head = new SnapshotFields(Take(LogSnapshot.BlockHeadBytes));
        var (count, length, age) = (head.Int32(), head.Int32(), head.Int64());
        if (count == 0)
        {
            return false;
        }

        Require(
            count > 0 && length >= count && length <= LogSnapshot.MaxBlockBytes && age >= 0 && age <= TimeSpan.MaxValue.TotalSeconds,
            $"it has a block of {count} envelopes of {length} bytes that is {age} seconds old");
        Fill(ref _rows, count * LogSnapshot.RowBytes);
        Fill(ref _bytes, length);
        var message = _bytes.AsSpan(0, length);
        var fields = new SnapshotFields(_rows);
        var at = 0;
        for (var row = 0; row < count; row++)
        {
            var (rowLength, kind) = (fields.Int32(), fields.Byte());
            Require(rowLength > 0 && rowLength <= length - at, "an envelope is longer than its block");
            Add(message, at, rowLength, RowKind.HasOriginal(kind));
            at += rowLength;
        }

        Require(at == length, "a block is longer than its envelopes");
        log.Append(message, _batch, age);
        _batch.Clear();
        rows += count;
        bytes += length;
        return true;
    }

    private void Add(ReadOnlySpan<byte> message, int at, int length, bool hasOriginal)
    {
        var row = message.Slice(at, length);
        var records = new RecordReader(row);
        Require(
            records.MoveNext() && records.RecordOffset == 0 && (hasOriginal ? records.RecordLength < length : records.RecordLength == length)
            && RawEnvelope.TryReadHeader(records.Current, out _),
            "there is something else where an envelope should be");
        RawEnvelope.TryReadHeader(records.Current, out var header);
        _batch.AddRecord(message, at, records.RecordLength, records.Current.Length, header, length - records.RecordLength);
    }

    // What was left out of the saved log counts as evicted.
    private void Restore(SavedSource saved)
    {
        var entry = saved.IsOther ? log.SourceTable.Entries[SourceTable.Other] : log.SourceTable.Find(saved.Id);
        if (entry is null || saved.Envelopes < entry.HeldRows || saved.Bytes < entry.Bytes)
        {
            return;
        }

        Span<long> ofClass = [0, 0];
        for (var type = 0; type < TypeCounts.Length; type++)
        {
            ofClass[(int)RowKind.ClassOf(type)] += saved.ByType[type];
        }

        for (var kind = 0; kind < ofClass.Length; kind++)
        {
            ref var share = ref entry.Share((EnvelopeClass)kind);
            share.Evicted = Math.Max(ofClass[kind] - share.Rows, share.Evicted);
        }

        (entry.Envelopes, entry.Bytes, entry.Lost, entry.ByType) = (saved.Envelopes, saved.Bytes, saved.Lost, saved.ByType);
        entry.NewestTimestamp = Math.Max(entry.NewestTimestamp, saved.Newest);
    }

    private Span<byte> Take(int length)
    {
        Fill(ref _bytes, length);
        return _bytes.AsSpan(0, length);
    }

    private void Fill(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new byte[length];
        }

        Require(source.ReadAtLeast(buffer.AsSpan(0, length), length, throwOnEndOfStream: false) == length, "it ends too soon");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new LogSnapshotException($"The saved log cannot be used: {otherwise}.");
        }
    }

    private sealed class SavedSource
    {
        public TypeCounts ByType;

        public byte[] Id { get; set; } = [];

        public bool IsOther { get; init; }

        public long Envelopes { get; init; }

        public long Bytes { get; init; }

        public long Lost { get; init; }

        public long Newest { get; init; }
    }
}
