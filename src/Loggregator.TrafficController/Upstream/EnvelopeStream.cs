using System.Runtime.InteropServices;
using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// What one client reads, of all Dopplers: a mailbox that any Doppler's read loop fills and one pump empties. Its pages never exceed the
/// window a Doppler, because their credit goes back only when the pump has released them.
/// </summary>
internal sealed class EnvelopeStream : IDisposable
{
    private const string Hop = "traffic-controller", DopplerHop = "doppler";
    private const int MaxCounts = 100_000;
    private readonly Lock _sync = new(); // innermost
    private readonly AsyncSignal _ready = new();
    private readonly GapTally _gaps = new();
    private List<StreamItem> _mailbox = [];
    private readonly List<StampAccount> _proven = []; // scratch
    private readonly DopplerSet _dopplers;
    private readonly TrafficControllerCounters _counters;
    private readonly StampLedger? _ledger;
    private readonly MoveOrder? _order;
    private readonly ITimer? _grace;
    private readonly TimeProvider _time;
    private readonly Action? _owner;
    private ITimer? _patience; // of what waits for another Doppler; made at the first move
    private bool _graceRuns;
    private bool _gapMarked;
    private bool _held;
    private bool _closed;
    private bool _ordering;

    /// <summary>Makes a stream that reads from no Doppler yet; without a budget it does not look at stamps.</summary>
    public EnvelopeStream(
        StreamRequest request, DopplerSet dopplers, TrafficControllerCounters counters, long openedAt, StampBudget? stamps, TimeProvider time,
        Action? ready = null)
    {
        _owner = ready;
        Request = request;
        OpenedAt = openedAt;
        _dopplers = dopplers;
        _counters = counters;
        _time = time;
        if (stamps is not null && request.ProvableTypes != 0)
        {
            _ledger = new StampLedger(MaxCounts, stamps, request.ProvableTypes, time);
            _order = new MoveOrder(_ledger, counters, () => dopplers.Stopping, time);
            _grace = time.CreateTimer(
                static stream => ((EnvelopeStream)stream!).Put(new StreamItem(StreamItemKind.Settle, null, null, default, null)),
                this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>What the client asked for.</summary>
    public StreamRequest Request { get; }

    /// <summary>UNIX nanoseconds.</summary>
    public long OpenedAt { get; }

    /// <summary>The client reads on by another stream, from where it stands; what it is not given by this one was not meant for it any more.</summary>
    public bool Superseded { get; set; }

    /// <summary>The client is cut off because it did not read; what it is not given any more is lost for that reason.</summary>
    public bool SlowConsumer { get; set; }

    /// <summary>Our Dopplers that it reads from, one membership each; swapped whole, under the set's lock.</summary>
    public IReadOnlyList<Membership> Memberships { get; set; } = [];

    /// <summary>Original Dopplers that it reads from. Guarded by the set's lock.</summary>
    public List<OriginalMembership> Originals { get; } = [];

    /// <summary>Pages wait for another Doppler, for a second at most: who does not release them meanwhile is not slow. Any thread.</summary>
    public bool Ordering
    {
        get => Volatile.Read(ref _ordering);
        private set => Volatile.Write(ref _ordering, value);
    }

    /// <summary>
    /// Completes when there is something to take, or at <see cref="Wake"/>. One waiter; not for a stream whose owner is called instead.
    /// </summary>
    public ValueTask WaitAsync() => _ready.WaitAsync();

    /// <summary>Lets the pump look around.</summary>
    public void Wake()
    {
        if (_owner is not null)
        {
            _owner();
        }
        else
        {
            _ready.Set();
        }
    }

    /// <summary>From now on what comes wakes nobody, until <see cref="LetGo"/>; <see cref="Wake"/> still does. False when it is held already.</summary>
    public bool Hold()
    {
        lock (_sync)
        {
            var held = _held;
            _held = true;
            return !held;
        }
    }

    /// <summary>Ends <see cref="Hold"/>, and wakes the pump if something has come meanwhile.</summary>
    public void LetGo()
    {
        bool wake;
        lock (_sync)
        {
            _held = false;
            wake = _mailbox.Count > 0;
        }

        if (wake)
        {
            Wake();
        }
    }

    /// <summary>Moves all that has come to <paramref name="into"/>, which must be empty; each page then is the pump's to release.</summary>
    public void Take(ref List<StreamItem> into)
    {
        if (_order is { Holds: > 0 })
        {
            _order.LookAround();
        }

        lock (_sync)
        {
            (_mailbox, into) = (into, _mailbox);
        }

        if (_order is not null)
        {
            NoteStamps(_ledger!, _order, into);
        }

        if (Originals.Count > 0)
        {
            ResolveOriginals(into);
        }
    }

    /// <summary>The losses to tell at a <see cref="StreamItemKind.Gap"/>.</summary>
    public StreamGap[] TakeGaps()
    {
        lock (_sync)
        {
            _gapMarked = false;
            return _gaps.Take();
        }
    }

    /// <summary>The pump is done with an item.</summary>
    public void Release(in StreamItem item)
    {
        if (item.Page is not { } page)
        {
            return;
        }

        Interlocked.Add(ref _counters.Held, -page.Deliveries);
        item.Member?.Node.Release(item.Member, page);
        page.Release();
    }

    /// <summary>Envelopes for this stream; it owns one reference of the page from now on.</summary>
    public void Enqueue(Membership member, Page page, Place place)
    {
        if (!Put(new StreamItem(StreamItemKind.Page, member, page, place, null)))
        {
            page.Release();
            return;
        }

        CountMatched(page);
    }

    /// <summary>Something that is no envelope.</summary>
    public void Tell(StreamItemKind kind, Membership? member, Place place, object? detail)
    {
        if (Request.Notices)
        {
            Put(new StreamItem(kind, member, null, place, detail));
        }
    }

    /// <summary>Puts envelopes of an original Doppler behind what is there; the ring is the membership's.</summary>
    public bool PutOriginal(OriginalMembership member) => Put(new StreamItem(StreamItemKind.Page, null, null, default, member));

    /// <summary>A page is in the mailbox, or in a ring in front of it.</summary>
    public void CountMatched(Page page)
    {
        Interlocked.Add(ref _counters.Matched, page.Deliveries);
        Interlocked.Add(ref _counters.WebSocketMatched, Request is { V1: not null, Notices: false } ? page.Deliveries : 0);
        Interlocked.Add(ref _counters.Held, page.Deliveries);
    }

    /// <summary>A Doppler is gone with what it held: what the stamps prove is missing has to be told.</summary>
    public void PeerGone()
    {
        if (_ledger is not null)
        {
            Put(new StreamItem(StreamItemKind.PeerGone, null, null, default, null));
        }
    }

    /// <summary>A loss that a Doppler told.</summary>
    public void AddGap(Gap gap)
    {
        _ledger?.Told(gap.SourceId, gap.InstanceId, gap.Hop, gap.Reason, gap.Count);
        AddGap(gap.SourceId, gap.InstanceId, gap.Hop, gap.Reason, gap.Count, gap.FirstTimestamp, gap.LastTimestamp, gap.UpperBound);
    }

    /// <summary>One envelope that this tier could not hand on.</summary>
    public void AddGap(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, LossReason reason, ulong count) => AddGap(
        Encoding.UTF8.GetString(header.SourceId.Of(envelope)), Encoding.UTF8.GetString(header.InstanceId.Of(envelope)),
        Hop, reason.Text(), count, header.Timestamp, header.Timestamp, upperBound: false);

    /// <summary>Envelopes of one application, or of any if it is empty, that this tier could not hand on.</summary>
    public void AddGap(string sourceId, LossReason reason, ulong count) => AddGap(sourceId, "", Hop, reason.Text(), count, 0, 0, upperBound: false);

    /// <summary>Leaves every Doppler and gives up what is in the mailbox.</summary>
    public void Dispose()
    {
        _dopplers.Close(this);
        lock (_sync)
        {
            _closed = true;
        }

        _grace?.Dispose();
        _patience?.Dispose();
        _ledger?.Dispose();
        _order?.Abandon(_mailbox);
        var left = 0L;
        ResolveOriginals(_mailbox);
        foreach (var item in _mailbox)
        {
            left += item.Page?.Deliveries ?? 0;
            Release(item);
        }

        _mailbox.Clear();
        Discard(left);
    }

    /// <summary>Counts envelopes that were taken and could not be written.</summary>
    public void Discard(long envelopes)
    {
        ref var dropped = ref _dopplers.Stopping ? ref _counters.DroppedShutdown : ref _counters.DroppedPeerGone;
        Interlocked.Add(ref Superseded ? ref _counters.Filtered : ref SlowConsumer ? ref _counters.DroppedSlowConsumer : ref dropped, envelopes);
    }

    private void AddGap(string source, string instance, string hop, string reason, ulong count, long first, long last, bool upperBound)
    {
        lock (_sync)
        {
            if (_closed)
            {
                return;
            }

            _gaps.Add(source, instance, hop, reason, count, first, last, upperBound);
            if (!_gapMarked)
            {
                _gapMarked = true;
                _mailbox.Add(new StreamItem(StreamItemKind.Gap, null, null, default, null));
            }

            if (_held)
            {
                return;
            }
        }

        Wake();
    }

    // In the order of the mailbox, however late the pump comes: what a page says counts from where it stands.
    private void NoteStamps(StampLedger ledger, MoveOrder order, List<StreamItem> items)
    {
        var (due, held) = (false, order.Holds);
        var kept = 0;
        var entries = CollectionsMarshal.AsSpan(items);
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Kind == StreamItemKind.PeerGone)
            {
                ledger.Crashed();
                due = true;
            }
            else if (entries[i].Kind == StreamItemKind.Settle)
            {
                _graceRuns = false;
                due |= ledger.Settle(_proven);
            }
            else if (entries[i].Member is not null && !order.TryPass(ref entries[i]))
            {
                continue;
            }

            if (kept++ != i)
            {
                entries[kept - 1] = entries[i];
            }
        }

        items.RemoveRange(kept, items.Count - kept);
        due |= order.Release(items);
        Ordering = order.Holds > 0;
        if (order.Holds > 0)
        {
            _patience ??= _time.CreateTimer(static stream => ((EnvelopeStream)stream!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _patience.Change(order.Holds > held ? TimeSpan.Zero : order.Left, Timeout.InfiniteTimeSpan); // at first look around at once
        }

        foreach (var account in _proven)
        {
            AddGap(
                account.SourceId, account.InstanceId, DopplerHop, LossReason.PeerGone.Text(), account.Missing - account.Told,
                0, account.Timestamp, upperBound: false);
        }

        _proven.Clear();
        if (due && !_graceRuns)
        {
            _graceRuns = true;
            _grace!.Change(StampLedger.Grace, Timeout.InfiniteTimeSpan);
        }
    }

    // An entry for an original Doppler stands for whatever is the oldest page of its ring by now.
    private static void ResolveOriginals(List<StreamItem> items)
    {
        var entries = CollectionsMarshal.AsSpan(items);
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Detail is OriginalMembership member)
            {
                entries[i] = entries[i] with { Page = member.Take(), Detail = null };
            }
        }
    }

    private bool Put(in StreamItem item)
    {
        lock (_sync)
        {
            if (_closed)
            {
                return false;
            }

            _mailbox.Add(item);
            if (_held)
            {
                return true;
            }
        }

        Wake();
        return true;
    }
}
