using System.Security.Cryptography;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Writes groups of appends to the current segment and makes them durable. A segment whose write or sync failed is never written to or synced again:
/// the kernel reports a lost write once, and a second sync that succeeds proves nothing. One thread.
/// </summary>
internal sealed class SegmentWriter(SpoolState state) : IDisposable
{
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private readonly byte[] _header = new byte[SegmentHeader.Length];
    private ISpoolFile? _file;

    /// <summary>The segment that is written to; null before the first write of a new one.</summary>
    public Segment? Current { get; private set; }

    /// <summary>Writes a group and returns when it is durable: then it is also there for the reader.</summary>
    /// <exception cref="IOException">It is not durable, and may be appended again. Unless the disk was merely full the segment is given up.</exception>
    public void Write(AppendGroup group)
    {
        if (Current is not null && Current.Length + group.Bytes > state.Options.SegmentBytes)
        {
            Close();
        }

        if (Current is null)
        {
            WriteFirst(group);
        }
        else
        {
            WriteNext(group, Current, _file!);
        }

        Interlocked.Add(ref state.Counters.Appended, (long)group.Records);
        Interlocked.Add(ref state.Counters.AppendedBytes, group.Bytes);
        Interlocked.Increment(ref state.Counters.Commits);
        _parts.Clear();
    }

    /// <summary>Ends the current segment; the next write begins another. False when there is none.</summary>
    public bool Close()
    {
        var there = Current is not null;
        _file?.Dispose();
        (_file, Current) = (null, null);
        return there;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void WriteFirst(AppendGroup group)
    {
        var now = state.Now;
        var segment = new Segment(++state.LastSegment, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), state.NextRecord, now);
        var file = state.Files.Create(segment.Name);
        try
        {
            new SegmentHeader(segment.Number, segment.Salt, segment.Records.From, now).Write(_header);
            _parts.Clear();
            _parts.Add(_header);
            _parts.AddRange(group.Seal(segment.Salt, segment.Records.From, now));
            file.Write(_parts, 0);
            file.Sync();
            state.Files.Sync();
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            Discard(segment, file);
            throw;
        }

        (Current, _file) = (segment, file);
        lock (state.Gate)
        {
            segment.Length = SegmentHeader.Length;
            state.Segments.Add(segment);
            Publish(segment, group);
        }
    }

    private void WriteNext(AppendGroup group, Segment segment, ISpoolFile file)
    {
        var written = false;
        try
        {
            file.Write(group.Seal(segment.Salt, state.NextRecord, state.Now), segment.Length);
            written = true;
            file.Sync();
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            if (written || !DiskFault.IsFull(e))
            {
                Interlocked.Increment(ref state.Counters.Retired);
                SpoolLog.Retired(state.Logger, state.Options.Directory, segment.Name, e.Message);
                Close();
            }

            throw;
        }

        lock (state.Gate)
        {
            Publish(segment, group);
        }
    }

    private void Publish(Segment segment, AppendGroup group)
    {
        segment.Note(state.NextRecord, segment.Length);
        segment.Length += group.Bytes;
        segment.FileLength = segment.Length;
        state.NextRecord += group.Records;
        state.NoteAppended(state.Now);
        segment.Records = segment.Records with { To = state.NextRecord };
    }

    // Nothing in it was acknowledged. If it cannot be removed either, the next opening does: the segment after it begins with the same record.
    private void Discard(Segment segment, ISpoolFile file)
    {
        file.Dispose();
        try
        {
            state.Files.Delete(segment.Name);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            SpoolLog.NotSwept(state.Logger, state.Options.Directory, e.Message);
        }
    }
}
