using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.Nozzle.Filters;
using Loggregator.Nozzle.Spool;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Intake;

/// <summary>The way of a Doppler's frame into a sink's buffer. One thread; the filter may be replaced by any.</summary>
internal sealed class SinkIntake(ISinkBuffer buffer, RecordFilter filter, IntakeCounters counters, TimeProvider time)
{
    /// <summary>Name of this process in ids of what it wrote itself.</summary>
    public const string Self = "nozzle";
    private const int MaxOrigins = 1024;
    private readonly Dictionary<(string, ulong), DopplerIdentity> _origins = [];
    private readonly ulong _run = (ulong)Random.Shared.NextInt64();
    private volatile RecordFilter _filter = filter;
    private ulong[] _positions = new ulong[1024];
    private ulong _unplaced; // position of what came without one

    /// <summary>The hop under which losses are counted here.</summary>
    public static ReadOnlySpan<byte> Hop => "nozzle"u8;

    /// <summary>What the sink takes, from the next frame on.</summary>
    public RecordFilter Filter
    {
        get => _filter;
        set => _filter = value;
    }

    /// <summary>Takes a frame in; done when it may be acknowledged. The caller disposes it, at any time.</summary>
    public Task TakeAsync(ConsumedFrame frame)
    {
        counters.Frames++;
        var stored = Task.CompletedTask;
        var origin = Origin(frame.Mark);

        // 1. What was lost before it, as gap records in front of it.
        if (frame.Gaps.Count > 0)
        {
            stored = Tell(frame.Gaps, origin) ?? stored;
        }

        if (frame.Count == 0)
        {
            return stored;
        }

        // 2. All of it goes as it came, where there is nothing to look at; else what the filter takes, copied together.
        Interlocked.Add(ref counters.Received, frame.Count);
        Interlocked.Add(ref counters.ReceivedBytes, frame.Records.Length);
        var whole = Filter is { TakesAllSelected: true } && frame.Records.Length <= buffer.MaxEntryBytes;
        return (whole ? Forward(frame, origin) : Select(frame, origin)) ?? stored;
    }

    private Task Forward(ConsumedFrame frame, DopplerIdentity origin)
    {
        var count = 0;
        foreach (var envelope in frame)
        {
            Place(count++, PositionOf(frame, envelope.Position));
        }

        return Append(new SpoolEntry(frame.Buffer!, frame.RecordsOffset, frame.Records.Length, count, origin, _positions[0], _positions.AsMemory(0, count)));
    }

    private Task? Select(ConsumedFrame frame, DopplerIdentity origin)
    {
        var taking = Filter;
        var kept = MessageBuffer.Rent(frame.Records.Length);
        Task? stored = null;
        var count = 0;
        foreach (var record in frame)
        {
            var envelope = record.Envelope;
            var position = PositionOf(frame, record.Position);
            RawEnvelope.TryReadHeader(envelope, out var header);
            if (!taking.Takes(envelope, header))
            {
                Interlocked.Increment(ref counters.Filtered);
                continue;
            }

            var length = Records.HeaderLength(envelope.Length) + envelope.Length;
            stored = kept.Length + length > buffer.MaxEntryBytes ? Flush(ref kept, ref count, origin) ?? stored : stored;
            if (length > buffer.MaxEntryBytes)
            {
                Interlocked.Increment(ref counters.TooLarge);
                AppendGap(kept, header.SourceId.Of(envelope), header.InstanceId.Of(envelope), 1, Hop, LossReason.TooLarge.Utf8(), header.Timestamp, upperBound: false);
            }
            else
            {
                Records.Append(kept, envelope);
            }

            Place(count++, position);
        }

        stored = Flush(ref kept, ref count, origin) ?? stored;
        kept.Dispose();
        return stored;
    }

    // A number that nobody knows is told as 0. Where the source is not known either, it concerns every sink.
    private Task? Tell(IReadOnlyList<ConsumedGap> gaps, DopplerIdentity origin)
    {
        var records = MessageBuffer.Rent(1024);
        Task? stored = null;
        var count = 0;
        foreach (var gap in gaps.OrderBy(gap => gap.FirstPosition))
        {
            var source = gap.SourceId.Length == 0 ? LossTable.Other : Encoding.UTF8.GetBytes(gap.SourceId);
            if (gap.SourceId.Length > 0 && !Filter.TakesSource(source))
            {
                continue;
            }

            Interlocked.Add(ref counters.ToldLost, (long)(gap.Count ?? 0));
            stored = records.Length > buffer.MaxEntryBytes / 2 ? Flush(ref records, ref count, origin) : stored;
            var timestamp = gap.LastTimestamp != 0 ? gap.LastTimestamp : time.GetUnixNanoseconds();
            var (hop, reason) = (Encoding.UTF8.GetBytes(gap.Hop), Encoding.UTF8.GetBytes(gap.Reason));
            AppendGap(records, source, Encoding.UTF8.GetBytes(gap.InstanceId), gap.Count ?? 0, hop, reason, timestamp, gap.UpperBound);
            Place(count++, gap.FirstPosition);
        }

        stored = Flush(ref records, ref count, origin) ?? stored;
        records.Dispose();
        return stored;
    }

    private void AppendGap(
        MessageBuffer records, ReadOnlySpan<byte> source, ReadOnlySpan<byte> instance, ulong count, ReadOnlySpan<byte> hop, ReadOnlySpan<byte> reason, long timestamp, bool upperBound)
    {
        Interlocked.Increment(ref counters.Told);
        using var envelope = MessageBuffer.Rent(256);
        GapRecord.Write(envelope, source, instance, count, hop, reason, timestamp, upperBound);
        Records.Append(records, envelope.Span);
    }

    // The buffer keeps what it was given: what comes after goes into another.
    private Task? Flush(ref MessageBuffer records, ref int count, DopplerIdentity origin)
    {
        if (count == 0)
        {
            return null;
        }

        var stored = Append(new SpoolEntry(records, 0, records.Length, count, origin, _positions[0], _positions.AsMemory(0, count)));
        records.Dispose();
        records = MessageBuffer.Rent(1024);
        count = 0;
        return stored;
    }

    private Task Append(in SpoolEntry entry)
    {
        Interlocked.Add(ref counters.Appended, entry.Count);
        return buffer.AppendAsync(entry);
    }

    private void Place(int index, ulong position)
    {
        if (index == _positions.Length)
        {
            Array.Resize(ref _positions, index * 2);
        }

        _positions[index] = position;
    }

    // What comes from a foreign Egress has no position: it gets one of this run, so that ids differ.
    private ulong PositionOf(ConsumedFrame frame, ulong position) => frame.Mark.Incarnation == 0 ? ++_unplaced : position;

    private DopplerIdentity Origin(in CursorMark mark)
    {
        var key = (mark.DopplerId, mark.Incarnation);
        if (!_origins.TryGetValue(key, out var origin))
        {
            if (_origins.Count == MaxOrigins)
            {
                _origins.Clear();
            }

            origin = new DopplerIdentity(mark.DopplerId, mark.Incarnation == 0 ? _run : mark.Incarnation);
            _origins.Add(key, origin);
        }

        return origin;
    }
}
