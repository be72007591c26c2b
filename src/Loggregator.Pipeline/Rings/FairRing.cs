using System.IO.Hashing;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Rings;

/// <summary>
/// The agent's buffer: bounded in bytes, never blocks a producer, and fair among sources when it is full. Any number of writers and one
/// reader per lane; one lock guards it all, held for a message's worth of appends or 64 KiB of taking. All envelopes of a source are in
/// one lane, in arrival order. When an envelope does not fit, the oldest one of a heaviest source goes, one at a time, until it does;
/// a source's weight is the memory that its envelopes hold, and the heaviest sources are those of the highest occupied power of two.
/// The arriving envelope is weighed with its own source, so a loud source can only push out its own. What was taken stays charged until
/// it is released: held + in flight never exceed the budget.
/// </summary>
public sealed class FairRing : IDisposable
{
    private const int TakeBytes = 64 * 1024; // copied in one hold of the lock
    private readonly Lock _lock = new();
    private readonly long _seed;
    private readonly CellArena _arena;
    private readonly RingSources _sources;
    private readonly RingLane[] _lanes;
    private readonly LossTable _losses;
    private int _inFlight; // cells
    private byte[] _scratch = new byte[4096];
    private long _appended, _taken, _dropped, _heldBytes;

    /// <summary>An empty ring.</summary>
    /// <param name="bytes">The budget for what is held and what is in flight.</param>
    /// <param name="lanes">Number of lanes.</param>
    /// <param name="losses">Is told what is dropped.</param>
    /// <param name="seed">Of the hash that finds sources and places them in lanes; drawn at random when null.</param>
    public FairRing(long bytes, int lanes, LossTable losses, long? seed = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, CellArena.CellBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (long)CellArena.CellBytes << 28); // 64 GiB: links are ints
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        _seed = seed ?? Random.Shared.NextInt64();
        _losses = losses;
        _arena = new CellArena((int)(bytes / CellArena.CellBytes));
        _sources = new RingSources(_arena.Count);
        _lanes = new RingLane[lanes];
        for (var i = 0; i < lanes; i++)
        {
            _lanes[i] = new RingLane();
        }
    }

    /// <summary>Number of lanes.</summary>
    public int Lanes => _lanes.Length;

    /// <summary>The budget in bytes, rounded down to whole cells.</summary>
    public long CapacityBytes => (long)_arena.Count * CellArena.CellBytes;

    /// <summary>Envelopes offered since the start; equals <see cref="Taken"/> + <see cref="Dropped"/> + <see cref="HeldEnvelopes"/>.</summary>
    public long Appended => Interlocked.Read(ref _appended);

    /// <summary>Envelopes taken.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Envelopes dropped: pushed out, or never taken in, or left at the end.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Envelopes held.</summary>
    public long HeldEnvelopes
    {
        get
        {
            lock (_lock)
            {
                return _appended - _taken - _dropped;
            }
        }
    }

    /// <summary>Bytes of the envelopes held.</summary>
    public long HeldBytes => Interlocked.Read(ref _heldBytes);

    /// <summary>Bytes of the budget that envelopes held or in flight occupy.</summary>
    public long ChargedBytes
    {
        get
        {
            lock (_lock)
            {
                return ((long)_arena.Used + _inFlight) * CellArena.CellBytes;
            }
        }
    }

    /// <summary>Sources that have envelopes here.</summary>
    public int Sources
    {
        get
        {
            lock (_lock)
            {
                return _sources.Count;
            }
        }
    }

    /// <summary>The lane of a source. It does not change while the ring lives.</summary>
    public int LaneOf(ReadOnlySpan<byte> source) => LaneOf(Hash(source));

    /// <summary>Set when something was appended to the lane; for its one reader, who may set it for reasons of its own too.</summary>
    public AsyncSignal Signal(int lane) => _lanes[lane].Signal;

    /// <summary>Envelopes that wait in a lane.</summary>
    public long LaneEnvelopes(int lane) => Interlocked.Read(ref _lanes[lane].Envelopes);

    /// <summary>Bytes that wait in a lane.</summary>
    public long LaneBytes(int lane) => Interlocked.Read(ref _lanes[lane].Bytes);

    /// <summary>Timestamp of the oldest envelope of a lane, UNIX nanoseconds; 0 when it is empty.</summary>
    public long OldestTimestamp(int lane)
    {
        lock (_lock)
        {
            var head = _lanes[lane].Head;
            return head >= 0 && RawEnvelope.TryReadHeader(Whole(head), out var header) ? header.Timestamp : 0;
        }
    }

    /// <summary>Takes the lock for a number of appends, until the writer is disposed.</summary>
    public Writer BeginWrite()
    {
        _lock.Enter();
        return new Writer(this);
    }

    /// <summary>
    /// Moves envelopes of a lane, oldest first, as records behind what <paramref name="destination"/> has: until it holds
    /// <paramref name="maxBytes"/> (a single larger envelope passes when it holds nothing) or <paramref name="maxEnvelopes"/> were moved.
    /// </summary>
    public RingTake Take(int lane, MessageBuffer destination, int maxBytes, int maxEnvelopes)
    {
        var envelopes = 0;
        var cells = 0;
        bool more;
        do
        {
            lock (_lock)
            {
                more = TakeSome(_lanes[lane], destination, maxBytes, maxEnvelopes, ref envelopes, ref cells);
            }
        }
        while (more);

        return new RingTake(envelopes, cells);
    }

    /// <summary>Ends the charge of what was taken.</summary>
    public void Release(int charge)
    {
        lock (_lock)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(charge, _inFlight);
            _inFlight -= charge;
        }
    }

    /// <summary>Drops everything that is held, and counts it.</summary>
    public long DropAll(LossReason reason)
    {
        lock (_lock)
        {
            var before = _dropped;
            for (var heaviest = _sources.Heaviest(); heaviest >= 0; heaviest = _sources.Heaviest())
            {
                Evict(heaviest, reason);
            }

            return _dropped - before;
        }
    }

    /// <summary>Frees the memory. Nobody may use the ring any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _arena.Dispose();
            _sources.Dispose();
        }
    }

    private ulong Hash(ReadOnlySpan<byte> source) => XxHash3.HashToUInt64(source, _seed);

    private int LaneOf(ulong hash) => (int)(((hash >> 32) * (ulong)_lanes.Length) >> 32);

    private bool Offer(
        ulong hash,
        ReadOnlySpan<byte> source,
        ReadOnlySpan<byte> instance,
        long timestamp,
        ReadOnlySpan<byte> prefix,
        ReadOnlySpan<byte> body,
        ReadOnlySpan<byte> suffix)
    {
        var length = checked(prefix.Length + body.Length + suffix.Length);
        var cells = CellArena.CellsFor(length);
        _appended++;
        if (_arena.Count - _arena.Used - _inFlight < cells && !MakeRoom(hash, cells))
        {
            _dropped++;
            _losses.Add(source, instance, LossReason.RingFull, 1, timestamp);
            return false;
        }

        var first = _arena.Allocate(cells);
        _arena.Write(first, prefix, body, suffix);
        var slot = _sources.FindOrAdd(hash);
        ref var cell = ref _arena[first];
        cell.Length = length;
        cell.Source = slot;
        cell.SourceNext = -1;
        ref var owner = ref _sources[slot];
        if (owner.Tail >= 0)
        {
            _arena[owner.Tail].SourceNext = first;
        }
        else
        {
            owner.Head = first;
        }

        owner.Tail = first;
        _sources.Weigh(slot, cells);
        _lanes[LaneOf(hash)].Append(_arena, first);
        _heldBytes += length;
        return true;
    }

    /// <summary>Evicts until <paramref name="cells"/> fit. False when they cannot, or when the arriving envelope's own source is the heaviest and holds nothing.</summary>
    private bool MakeRoom(ulong hash, int cells)
    {
        if (_arena.Count - _inFlight < cells)
        {
            return false;
        }

        do
        {
            var victim = _sources.Heaviest();
            var own = _sources.Find(hash);
            var ownWeight = own < 0 ? cells : _sources[own].Weight + cells;
            if (victim >= 0 && RingSources.Bin(ownWeight) > RingSources.Bin(_sources[victim].Weight))
            {
                victim = own;
            }

            if (victim < 0)
            {
                return false;
            }

            Evict(victim, LossReason.RingFull);
        }
        while (_arena.Count - _arena.Used - _inFlight < cells);

        return true;
    }

    private void Evict(int slot, LossReason reason)
    {
        var first = _sources[slot].Head;
        var envelope = Whole(first);
        _dropped++;
        if (RawEnvelope.TryReadHeader(envelope, out var header))
        {
            _losses.Add(header.SourceId.Of(envelope), header.InstanceId.Of(envelope), reason, 1, header.Timestamp);
        }
        else
        {
            _losses.Add(LossTable.Other, [], reason, 1, 0);
        }

        Unlink(first);
    }

    /// <summary>An envelope in one piece, until the next call.</summary>
    private ReadOnlySpan<byte> Whole(int first)
    {
        var length = _arena[first].Length;
        if (length <= CellArena.CellBytes)
        {
            return _arena.Single(first);
        }

        if (_scratch.Length < length)
        {
            _scratch = new byte[Math.Max(length, _scratch.Length * 2)];
        }

        _arena.Read(first, _scratch.AsSpan(0, length));
        return _scratch.AsSpan(0, length);
    }

    /// <summary>Removes an envelope that is the oldest of its source (a lane's oldest always is). Returns its cells.</summary>
    private int Unlink(int first)
    {
        ref var cell = ref _arena[first];
        _lanes[LaneOf(_sources[cell.Source].Hash)].Remove(_arena, first);
        ref var owner = ref _sources[cell.Source];
        owner.Head = cell.SourceNext;
        if (owner.Head < 0)
        {
            owner.Tail = -1;
        }

        _heldBytes -= cell.Length;
        var slot = cell.Source;
        var cells = _arena.Release(first);
        _sources.Weigh(slot, -cells);
        return cells;
    }

    private bool TakeSome(RingLane lane, MessageBuffer destination, int maxBytes, int maxEnvelopes, ref int envelopes, ref int cells)
    {
        var end = destination.Length + TakeBytes;
        while (lane.Head >= 0 && envelopes < maxEnvelopes)
        {
            if (destination.Length >= end)
            {
                return true;
            }

            var length = _arena[lane.Head].Length;
            var header = Records.HeaderLength(length);
            if (destination.Length != 0 && destination.Length + header + length > maxBytes)
            {
                return false;
            }

            var span = destination.GetSpan(header + length);
            Records.WriteHeader(span, length);
            _arena.Read(lane.Head, span.Slice(header, length));
            destination.Advance(header + length);
            var freed = Unlink(lane.Head);
            _inFlight += freed;
            cells += freed;
            envelopes++;
            _taken++;
        }

        return false;
    }

    /// <summary>Appends under the ring's lock; wakes the readers of the lanes when disposed. Keep it short, and await nothing.</summary>
    public ref struct Writer
    {
        private readonly FairRing _ring;
        private ulong _lanes; // bit of each lane to wake; the last bit stands for all lanes from 63 on

        internal Writer(FairRing ring) => _ring = ring;

        /// <summary>Appends one envelope, given as up to three parts of its bytes.</summary>
        /// <returns>False when it was dropped (and counted): there is no room for it that it may have.</returns>
        public bool Offer(
            scoped ReadOnlySpan<byte> source,
            scoped ReadOnlySpan<byte> instance,
            long timestamp,
            scoped ReadOnlySpan<byte> prefix,
            scoped ReadOnlySpan<byte> body,
            scoped ReadOnlySpan<byte> suffix)
        {
            var hash = _ring.Hash(source);
            _lanes |= 1UL << Math.Min(_ring.LaneOf(hash), 63);
            return _ring.Offer(hash, source, instance, timestamp, prefix, body, suffix);
        }

        /// <summary>Leaves the lock.</summary>
        public void Dispose()
        {
            _ring._lock.Exit();
            for (var lane = 0; _lanes != 0 && lane < _ring._lanes.Length; lane++)
            {
                if ((_lanes & (1UL << Math.Min(lane, 63))) != 0)
                {
                    _ring._lanes[lane].Signal.Set();
                }
            }
        }
    }
}
