using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Intake;

/// <summary>A sink's spool as the source of its delivery loop: batches of the spool become batches of the sink, and are completed when all of them is delivered.</summary>
internal sealed class DurableBuffer : ISinkBuffer
{
    private static readonly TimeSpan ReadAgain = TimeSpan.FromSeconds(1);
    private readonly EnvelopeSpool _spool;
    private readonly SpoolReader _reader;
    private readonly Queue<(long Number, SpoolBatch Batch)> _taken = new(); // wholly, and not yet delivered
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _sink;
    private SpoolBatch? _current; // taken up to _skip
    private int _skip;
    private long _number;
    private volatile string? _unreadable;

    /// <summary>Takes the spool over and disposes it.</summary>
    public DurableBuffer(string sink, EnvelopeSpool spool, BufferOrder order, int batchBytes, TimeProvider time, ILogger logger)
    {
        (_sink, _spool, _time, _logger) = (sink, spool, time, logger);
        _reader = spool.OpenReader(order, batchBytes);
    }

    /// <summary>The spool's numbers.</summary>
    public SpoolCounters Counters => _spool.Counters;

    /// <inheritdoc/>
    public int MaxEntryBytes => _spool.MaxEntryBytes;

    /// <inheritdoc/>
    public string? Trouble => _spool.Trouble ?? _unreadable;

    /// <inheritdoc/>
    public Backlog Backlog
    {
        get
        {
            var held = Counters.Held;
            var appended = Interlocked.Read(ref Counters.Appended);
            var bytes = appended == 0 ? Counters.Bytes : (long)((double)Interlocked.Read(ref Counters.AppendedBytes) / appended * held);
            return held == 0 ? default : new Backlog(held, bytes, Counters.OldestAt);
        }
    }

    /// <inheritdoc/>
    public Task AppendAsync(in SpoolEntry entry) => _spool.AppendAsync(entry, CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask<bool> TakeAsync(RecordBatch batch, int maxBytes, int maxRecords, CancellationToken cancel)
    {
        var before = batch.Count;
        while (batch.Count < maxRecords && batch.Bytes < maxBytes && (_current ??= Read()) is { } current)
        {
            if (Copy(current, batch, maxBytes, maxRecords))
            {
                current.FreeEnvelopes();
                _taken.Enqueue((++_number, current));
                (_current, _skip) = (null, 0);
            }
            else
            {
                break;
            }
        }

        batch.Mark = _number;
        return ValueTask.FromResult(batch.Count > before);
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        if (_unreadable is not null)
        {
            await Task.Delay(ReadAgain, _time, cancel);
            return;
        }

        await _reader.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    public void MarkDelivered(RecordBatch batch)
    {
        while (_taken.TryPeek(out var head) && head.Number <= batch.Mark)
        {
            _taken.Dequeue();
            head.Batch.Complete();
            head.Batch.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _current?.Dispose();
        foreach (var (_, batch) in _taken)
        {
            batch.Dispose();
        }

        _reader.Dispose();
        await _spool.DisposeAsync();
    }

    private SpoolBatch? Read()
    {
        try
        {
            var batch = _reader.TryRead();
            if (_unreadable is not null)
            {
                _unreadable = null;
                Log.SpoolReadable(_logger, _sink);
            }

            return batch;
        }
        catch (IOException e)
        {
            if (_unreadable is null)
            {
                Log.SpoolUnreadable(_logger, _sink, e.Message);
            }

            _unreadable = $"its spool cannot be read: {e.Message}";
            return null;
        }
    }

    // False when some of it is left for the next batch.
    private bool Copy(SpoolBatch from, RecordBatch to, int maxBytes, int maxRecords)
    {
        var at = 0;
        foreach (var record in from)
        {
            if (at++ < _skip)
            {
                continue;
            }

            if (to.Count > 0 && (to.Count >= maxRecords || to.Bytes + record.Envelope.Length > maxBytes))
            {
                return false;
            }

            to.Add(record.Envelope.Span, record.Doppler, record.Position);
            _skip = at;
        }

        return true;
    }
}
