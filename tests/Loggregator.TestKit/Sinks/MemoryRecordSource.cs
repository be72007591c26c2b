using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.TestKit.Sinks;

/// <summary>Records in memory for one delivery loop; checks that batches are marked as delivered in the order of taking. Any thread may append.</summary>
internal sealed class MemoryRecordSource : IRecordSource
{
    private readonly Lock _lock = new();
    private readonly List<(byte[] Envelope, ulong Position)> _records = [];
    private readonly AsyncSignal _arrived = new();
    private int _taken;
    private int _delivered;

    /// <summary>The Doppler that all records come from.</summary>
    public DopplerIdentity Origin { get; } = new("doppler-1", 0x1F);

    /// <summary>Records appended.</summary>
    public int Appended
    {
        get
        {
            lock (_lock)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>Records taken.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
            {
                return _taken;
            }
        }
    }

    /// <summary>Records marked as delivered.</summary>
    public int Delivered
    {
        get
        {
            lock (_lock)
            {
                return _delivered;
            }
        }
    }

    /// <inheritdoc/>
    public Backlog Backlog
    {
        get
        {
            lock (_lock)
            {
                if (_delivered == _records.Count)
                {
                    return default;
                }

                RawEnvelope.TryReadHeader(_records[_delivered].Envelope, out var header);
                return new Backlog(_records.Count - _delivered, _records.Skip(_delivered).Sum(record => (long)record.Envelope.Length), header.Timestamp);
            }
        }
    }

    /// <summary>Appends envelopes.</summary>
    public void Append(params IEnumerable<byte[]> envelopes)
    {
        lock (_lock)
        {
            foreach (var envelope in envelopes)
            {
                _records.Add((envelope, (ulong)_records.Count));
            }
        }

        _arrived.Set();
    }

    /// <summary>Has what was not delivered taken again, as after a restart.</summary>
    public void Rewind()
    {
        lock (_lock)
        {
            _taken = _delivered;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> TakeAsync(RecordBatch batch, int maxBytes, int maxRecords, CancellationToken cancel)
    {
        lock (_lock)
        {
            var start = _taken;
            while (_taken < _records.Count && batch.Count < maxRecords && (batch.Count == 0 || batch.Bytes + _records[_taken].Envelope.Length <= maxBytes))
            {
                batch.Add(_records[_taken].Envelope, Origin, _records[_taken].Position);
                _taken++;
            }

            batch.Mark = _taken;
            return ValueTask.FromResult(_taken > start);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        await using var woken = cancel.UnsafeRegister(static signal => ((AsyncSignal)signal!).Set(), _arrived);
        while (Taken == Appended)
        {
            await _arrived.WaitAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public void MarkDelivered(RecordBatch batch)
    {
        lock (_lock)
        {
            if (batch.Mark != _delivered + batch.Count)
            {
                throw new InvalidOperationException($"The batch up to {batch.Mark} was marked out of order: delivered are {_delivered}.");
            }

            _delivered = (int)batch.Mark;
        }
    }
}
