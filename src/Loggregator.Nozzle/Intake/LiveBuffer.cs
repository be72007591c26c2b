using System.Buffers.Binary;
using System.Collections.Concurrent;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Intake;

/// <summary>
/// The records of a live sink in memory: bounded in bytes, fair among sources when it is full. What is pushed out is counted, and told to the sink
/// by gap records in front of its next batch. Each envelope carries its cursor behind it while it is here, as a field that nobody knows.
/// </summary>
internal sealed class LiveBuffer : ISinkBuffer
{
    private const uint CursorField = 1003;
    private const int CursorBytes = 2 + 1 + CursorContent, CursorContent = sizeof(int) + sizeof(ulong);
    private readonly LossTable _losses = new();
    private readonly FairRing _ring;
    private readonly ConcurrentDictionary<int, DopplerIdentity> _origins = new();
    private readonly DopplerIdentity _self;
    private readonly Dictionary<DopplerIdentity, int> _numbers = [];
    private readonly Queue<InFlight> _inFlight = new();
    private long _marks;
    private long _inFlightRecords;
    private long _inFlightBytes;
    private ulong _told;
    private long _oldest; // timestamp of the first record of the oldest batch that is in flight

    /// <summary>An empty one.</summary>
    public LiveBuffer(long bytes)
    {
        _ring = new FairRing(bytes, lanes: 1, _losses);
        _self = new DopplerIdentity(SinkIntake.Self, (ulong)Random.Shared.NextInt64());
    }

    /// <inheritdoc/>
    public int MaxEntryBytes => int.MaxValue;

    /// <inheritdoc/>
    public string? Trouble => null;

    /// <summary>Records taken in.</summary>
    public long Appended => _ring.Appended;

    /// <summary>Records pushed out, or left at the end.</summary>
    public long Dropped(LossReason reason) => _losses.Total(reason);

    /// <summary>Records that wait, without those in flight.</summary>
    public long Held => _ring.HeldEnvelopes;

    /// <summary>Gap records made for the sink.</summary>
    public long Told => (long)Volatile.Read(ref _told);

    /// <inheritdoc/>
    public Backlog Backlog
    {
        get
        {
            var records = _ring.HeldEnvelopes + Interlocked.Read(ref _inFlightRecords);
            var oldest = Interlocked.Read(ref _oldest);
            return records == 0 ? default : new Backlog(records, _ring.HeldBytes + Interlocked.Read(ref _inFlightBytes), oldest > 0 ? oldest : _ring.OldestTimestamp(lane: 0));
        }
    }

    /// <inheritdoc/>
    public Task AppendAsync(in SpoolEntry entry)
    {
        Span<byte> cursor = stackalloc byte[CursorBytes];
        cursor[0] = unchecked((byte)((CursorField << 3) | 2 | 0x80));
        cursor[1] = (byte)(CursorField << 3 >> 7);
        cursor[2] = CursorContent;
        BinaryPrimitives.WriteInt32LittleEndian(cursor[3..], NumberOf(entry.Doppler));
        var records = new RecordReader(entry.Buffer.Span.Slice(entry.Offset, entry.Length));
        var positions = entry.Positions.Span;
        using var ring = _ring.BeginWrite();
        for (var i = 0; records.MoveNext(); i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(cursor[7..], positions.IsEmpty ? entry.Position + (ulong)i : positions[i]);
            RawEnvelope.TryReadHeader(records.Current, out var header);
            ring.Offer(header.SourceId.Of(records.Current), header.InstanceId.Of(records.Current), header.Timestamp, [], records.Current, cursor);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> TakeAsync(RecordBatch batch, int maxBytes, int maxRecords, CancellationToken cancel)
    {
        var before = batch.Count;
        TellLosses(batch, maxRecords);
        if (batch.Count >= maxRecords || batch.Bytes >= maxBytes)
        {
            return ValueTask.FromResult(batch.Count > before);
        }

        using var message = MessageBuffer.Rent(Math.Min(maxBytes, 64 * 1024));
        var taken = _ring.Take(0, message, maxBytes - batch.Bytes, maxRecords - batch.Count);
        var records = new RecordReader(message.Span);
        while (records.MoveNext())
        {
            var envelope = records.Current[..^CursorBytes];
            var cursor = records.Current[^CursorContent..];
            batch.Add(envelope, _origins[BinaryPrimitives.ReadInt32LittleEndian(cursor)], BinaryPrimitives.ReadUInt64LittleEndian(cursor[sizeof(int)..]));
        }

        if (taken.Envelopes > 0)
        {
            batch.Envelope(batch.Count - taken.Envelopes, out var first);
            _inFlight.Enqueue(new InFlight(++_marks, taken, message.Length, first.Timestamp));
            Interlocked.Exchange(ref _oldest, _inFlight.Peek().Timestamp);
            Interlocked.Add(ref _inFlightRecords, taken.Envelopes);
            Interlocked.Add(ref _inFlightBytes, message.Length);
        }

        batch.Mark = _marks;
        return ValueTask.FromResult(batch.Count > before);
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        await using var woken = cancel.UnsafeRegister(static signal => ((AsyncSignal)signal!).Set(), _ring.Signal(0));
        await _ring.Signal(0).WaitAsync();
    }

    /// <inheritdoc/>
    public void MarkDelivered(RecordBatch batch) => Release(batch);

    /// <inheritdoc/>
    public void Abandon(RecordBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.Origin(i) != _self)
            {
                var envelope = batch.Envelope(i, out var header);
                _losses.Add(header.SourceId.Of(envelope), header.InstanceId.Of(envelope), LossReason.Unconfirmed, 1, header.Timestamp, upperBound: true);
            }
        }

        Release(batch);
    }

    /// <summary>Counts what waits as lost: the process ends.</summary>
    public long DropAll() => _ring.DropAll(LossReason.Shutdown);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _ring.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Release(RecordBatch batch)
    {
        while (_inFlight.TryPeek(out var head) && head.Mark <= batch.Mark)
        {
            _inFlight.Dequeue();
            _ring.Release(head.Taken.Charge);
            Interlocked.Add(ref _inFlightRecords, -head.Taken.Envelopes);
            Interlocked.Add(ref _inFlightBytes, -head.Bytes);
        }

        Interlocked.Exchange(ref _oldest, _inFlight.TryPeek(out var next) ? next.Timestamp : 0);
    }

    private void TellLosses(RecordBatch batch, int maxRecords)
    {
        if (!_losses.HasPending)
        {
            return;
        }

        using var envelope = MessageBuffer.Rent(256);
        _losses.Drain(loss =>
        {
            if (batch.Count >= maxRecords)
            {
                return false;
            }

            envelope.Clear();
            GapRecord.Write(
                envelope, loss.SourceId.Span, loss.InstanceId.Span, (ulong)loss.Count, SinkIntake.Hop, loss.Reason.Utf8(), loss.LastTimestamp, loss.UpperBound);
            batch.Add(envelope.Span, _self, ++_told);
            return true;
        });
    }

    private int NumberOf(DopplerIdentity origin)
    {
        if (!_numbers.TryGetValue(origin, out var number))
        {
            _numbers.Add(origin, number = _numbers.Count);
            _origins[number] = origin;
        }

        return number;
    }

    private readonly record struct InFlight(long Mark, RingTake Taken, int Bytes, long Timestamp);
}
