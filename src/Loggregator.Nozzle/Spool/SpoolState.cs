using Loggregator.Client.Consume;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// What committer, reader and batches of one spool share: its segments, and which records are delivered or being delivered. Everything but the
/// constants is guarded by <see cref="Gate"/>, a monitor that the committer waits on; nothing below it blocks.
/// </summary>
internal sealed class SpoolState
{
    private const long EndsKept = 1_000_000_000;
    private readonly Queue<(long At, ulong Next)> _ends = new(); // of the appends of the last second, oldest first
    private readonly List<SpoolBatch> _leases = [];
    private volatile string? _trouble;
    private ulong _markVersion;

    public SpoolState(SpoolOptions options, ISpoolFiles files, ILogger logger, TimeProvider time, Recovery recovered)
    {
        (Options, Files, Logger, Time) = (options, files, logger, time);
        (Mark, NextRecord) = (recovered.Mark, recovered.NextRecord);
        Segments.AddRange(recovered.Segments);
        foreach (var range in recovered.Delivered)
        {
            Delivered.Add(range);
            Taken.Add(range);
        }

        LastSegment = recovered.LastSegment;
        Self = new DopplerIdentity("nozzle", Mark.SpoolId);
        Counters = new SpoolCounters(this) { Restored = Held };
    }

    public object Gate { get; } = new();

    public SpoolOptions Options { get; }

    public ISpoolFiles Files { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    public ReadMark Mark { get; }

    public SpoolCounters Counters { get; }

    /// <summary>Where the gap records of the spool itself come from.</summary>
    public DopplerIdentity Self { get; }

    /// <summary>Ascending; the committer writes to the last one, or to none.</summary>
    public List<Segment> Segments { get; } = [];

    /// <summary>The highest number that a segment has had.</summary>
    public ulong LastSegment { get; set; }

    public RecordRanges Delivered { get; } = new();

    /// <summary>Delivered, or leased to a batch.</summary>
    public RecordRanges Taken { get; } = new();

    /// <summary>The number behind the last durable record.</summary>
    public ulong NextRecord { get; set; }

    /// <summary>Wakes the reader: there is more to read.</summary>
    public AsyncSignal Readable { get; } = new();

    /// <summary>The mark's file could not be written: it must be replaced.</summary>
    public bool MarkFailed { get; set; }

    /// <summary>The mark was written since it was synced last.</summary>
    public bool MarkDirty { get; set; }

    /// <summary>Why appends wait; null when they do not.</summary>
    public string? Trouble
    {
        get => _trouble;
        set => _trouble = value;
    }

    /// <summary>UNIX nanoseconds.</summary>
    public long Now => Time.GetUnixNanoseconds();

    public long Bytes => Segments.Sum(segment => segment.FileLength);

    /// <summary>Undelivered records, without those whose place gap records have taken.</summary>
    public long Held => (long)(NextRecord - Delivered.CountIn(new RecordRange(0, NextRecord))) - Segments.Sum(segment => (long)segment.Lost);

    /// <summary>When the oldest undelivered record was appended; 0 when there is none. Known exactly while a batch holds it, else not later than that.</summary>
    public long OldestAt
    {
        get
        {
            var oldest = Delivered.NextOutside(0);
            return oldest >= NextRecord ? 0 : _leases.Find(lease => lease.Records.From == oldest)?.OldestAt ?? Find(oldest)?.CreatedAt ?? Now;
        }
    }

    /// <summary>Records were appended, up to <see cref="NextRecord"/>. Under the gate.</summary>
    public void NoteAppended(long now)
    {
        _ends.Enqueue((now, NextRecord));
        while (_ends.Peek().At < now - EndsKept)
        {
            _ends.Dequeue();
        }
    }

    /// <summary>The first record that was appended since a time not longer ago than a second, UNIX nanoseconds; the next one when there is none. Under the gate.</summary>
    public ulong FirstSince(long time)
    {
        var first = _ends.Count > 0 ? _ends.Peek().Next : NextRecord;
        foreach (var (at, next) in _ends)
        {
            if (at >= time)
            {
                break;
            }

            first = next;
        }

        return first;
    }

    /// <summary>Reads under the gate.</summary>
    public T Read<T>(Func<SpoolState, T> read)
    {
        lock (Gate)
        {
            return read(this);
        }
    }

    /// <summary>The segment that holds a record, or the next one when none does.</summary>
    public Segment? Find(ulong record)
    {
        int low = 0, high = Segments.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Segments[middle].Records.To <= record)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < Segments.Count ? Segments[low] : null;
    }

    public bool IsLeased(RecordRange records) => _leases.Exists(lease => lease.Records.From < records.To && lease.Records.To > records.From);

    /// <summary>Gives records to a batch. Under the gate.</summary>
    public void Lease(SpoolBatch batch)
    {
        Taken.Add(batch.Records);
        _leases.Add(batch);
    }

    /// <summary>A batch was delivered.</summary>
    public void Complete(SpoolBatch batch)
    {
        ulong version;
        RecordRange[] delivered;
        lock (Gate)
        {
            _leases.Remove(batch);
            var added = (long)Delivered.Add(batch.Records);
            if (batch.DamagedPlaces > 0)
            {
                Counters.Damaged += added;
                Counters.DamagedBlocks += batch.DamagedPlaces;
            }
            else if (batch.IsLoss)
            {
                Find(batch.Records.From)?.Lost = 0;
            }
            else
            {
                Counters.Delivered += added;
            }

            MarkDirty = true;
            version = ++_markVersion;
            delivered = [.. Delivered.Ranges];
            Monitor.Pulse(Gate);
        }

        WriteMark(version, delivered);
    }

    /// <summary>A batch was not delivered: its records are to be read again.</summary>
    public void Release(SpoolBatch batch)
    {
        lock (Gate)
        {
            _leases.Remove(batch);
            Taken.Remove(batch.Records);
            foreach (var range in Delivered.Ranges)
            {
                if (range.From < batch.Records.To && range.To > batch.Records.From)
                {
                    Taken.Add(range);
                }
            }
        }

        Readable.Set();
    }

    /// <summary>Makes what is delivered last on disk; false, and said, when the disk refuses. The committer's.</summary>
    public bool SyncMark()
    {
        (ulong Version, RecordRange[] Delivered) now;
        bool failed;
        lock (Gate)
        {
            now = (++_markVersion, [.. Delivered.Ranges]);
            failed = MarkFailed;
            (MarkDirty, MarkFailed) = (false, false);
        }

        try
        {
            if (!failed)
            {
                Mark.Write(now.Version, now.Delivered);
                Mark.Sync();
                return true;
            }
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            Interlocked.Increment(ref Counters.Failures);
        }

        try
        {
            Mark.Replace(now.Version, now.Delivered);
            return true;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            MarkIsBroken(e);
            return false;
        }
    }

    private void WriteMark(ulong version, RecordRange[] delivered)
    {
        try
        {
            Mark.Write(version, delivered);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            MarkIsBroken(e);
        }
    }

    private void MarkIsBroken(Exception error)
    {
        Interlocked.Increment(ref Counters.Failures);
        SpoolLog.MarkFailed(Logger, Options.Directory, error.Message);
        lock (Gate)
        {
            (MarkDirty, MarkFailed) = (true, true);
        }
    }
}
