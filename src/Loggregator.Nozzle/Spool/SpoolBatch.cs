using Loggregator.Nozzle.Spool.Format;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Consecutive envelopes of a spool, to be delivered. Whoever gets it disposes it, once; if it was not completed before, it will be read again. Several
/// may be out at a time and end in any order, from any thread.
/// </summary>
internal sealed class SpoolBatch : IDisposable
{
    private readonly SpoolState _state;
    private MessageBuffer? _buffer;
    private readonly List<BatchBlock> _blocks;
    private int _ended;
    private bool _completed;

    internal SpoolBatch(SpoolState state, RecordRange records, MessageBuffer buffer, List<BatchBlock> blocks, long oldestAt, bool isLoss, int damagedPlaces)
    {
        (_state, _buffer, _blocks) = (state, buffer, blocks);
        (Records, OldestAt, IsLoss, DamagedPlaces) = (records, oldestAt, isLoss, damagedPlaces);
        foreach (var block in blocks)
        {
            Count += block.Count;
            Bytes += block.RecordsLength;
        }
    }

    /// <summary>Which records of the spool these are.</summary>
    public RecordRange Records { get; }

    /// <summary>Number of envelopes; of gap records, when they stand for records that are gone.</summary>
    public int Count { get; }

    /// <summary>Bytes of the envelopes.</summary>
    public long Bytes { get; }

    /// <summary>When the first of them was appended, UNIX nanoseconds.</summary>
    public long OldestAt { get; }

    /// <summary>Gap records in the place of what was dropped or damaged.</summary>
    public bool IsLoss { get; }

    /// <summary>Damaged places that it stands for; 0 when nothing is damaged.</summary>
    internal int DamagedPlaces { get; }

    /// <summary>The envelopes, in order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>The envelopes are not needed any more: gives their memory back. What they were can still be completed.</summary>
    public void FreeEnvelopes() => Interlocked.Exchange(ref _buffer, null)?.Dispose();

    /// <summary>All of it was delivered: it is never read again.</summary>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_ended != 0, this);
        if (!_completed)
        {
            _completed = true;
            _state.Complete(this);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        if (!_completed)
        {
            _state.Release(this);
        }

        FreeEnvelopes();
    }

    /// <summary>Walks the envelopes of a batch.</summary>
    public ref struct Enumerator
    {
        private readonly SpoolBatch _batch;
        private RecordReader _records;
        private ReadOnlySpan<byte> _deltas;
        private int _block;

        internal Enumerator(SpoolBatch batch)
        {
            _batch = batch;
            _block = -1;
        }

        /// <summary>The envelope.</summary>
        public SpoolRecord Current { get; private set; }

        /// <summary>Steps to the next one.</summary>
        public bool MoveNext()
        {
            var first = false;
            while (_block < 0 || !_records.MoveNext())
            {
                if (++_block >= _batch._blocks.Count)
                {
                    return false;
                }

                var next = _batch._blocks[_block];
                _records = new RecordReader(_batch._buffer!.Span.Slice(next.RecordsOffset, next.RecordsLength));
                _deltas = _batch._buffer!.Span.Slice(next.DeltasOffset, next.DeltasLength);
                first = true;
            }

            var block = _batch._blocks[_block];
            var length = _records.Current.Length;
            var offset = block.RecordsOffset + _records.RecordOffset + _records.RecordLength - length;
            var position = first ? block.Position : Current.Position + BlockOrigin.ReadDelta(ref _deltas);
            Current = new SpoolRecord(_batch._buffer!.Memory.Slice(offset, length), block.Doppler, position);
            return true;
        }
    }
}
