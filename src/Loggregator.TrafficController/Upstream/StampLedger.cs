using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// Knows, by their stamps, what a stream has missed of the sources and types that it reads whole, from all Dopplers together. It tells only
/// after a Doppler was lost for good, and only what nobody else has told: numbers jumped over, less those that came late, less losses told
/// by agents and Dopplers. Bounded: what has not been heard of for long is forgotten first, and with it the proof. Any thread.
/// </summary>
internal sealed class StampLedger(int capacity, StampBudget budget, int provableTypes, TimeProvider time) : IDisposable
{
    /// <summary>Who reads a moved stream from another Doppler gets what is late within this.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(60); // of jumps, until a loss of their Doppler is noticed
    private static readonly TimeSpan ToldMemory = TimeSpan.FromHours(1); // of losses told before the jump: its source may be a quiet one
    private readonly Lock _sync = new();
    private readonly Dictionary<(ulong Source, ulong Counter), int> _index = [];
    private readonly Dictionary<(string Source, string Instance), StampAccount> _accounts = [];
    private Entry[] _entries = [];
    private int _used;
    private int _hand; // of the clock that chooses who is forgotten
    private uint _crashes;
    private long _swept = time.GetTimestamp();

    /// <summary>Counts that are remembered.</summary>
    public int Count => _used;

    /// <summary>
    /// The types, as bits, of which these selectors bring all there is of each source that they bring at all; gap records of other sources
    /// make counters incomplete.
    /// </summary>
    public static int Provable(StreamRequest request)
    {
        var types = 0;
        if (request.Sharded)
        {
            return types;
        }

        foreach (var group in request.Selectors.GroupBy(selector => selector.MessageCase))
        {
            var whole = group.All(selector => string.IsNullOrEmpty(selector.Counter?.Name) && selector.Gauge?.Names.Count is null or 0);
            var sources = group.Select(selector => selector.SourceId).ToHashSet();
            var all = sources.Contains("") || request.Selectors.All(selector => sources.Contains(selector.SourceId));
            if (whole && (all || !request.Gaps || group.Key != Selector.MessageOneofCase.Counter))
            {
                types |= 1 << (int)new Protocol.Selectors.EnvelopeSelector(group.First()).Type;
            }
        }

        return types & ~(1 << (int)EnvelopeType.None);
    }

    /// <summary>Takes note of a page, in the order in which pages came. True: ask <see cref="Settle"/> when the grace is over.</summary>
    public bool Note(Page page)
    {
        var due = false;
        lock (_sync)
        {
            foreach (ref readonly var mark in page.Marks)
            {
                if (mark.GapRecord)
                {
                    NoteGapRecord(page.EnvelopeAt(mark.Offset));
                }

                if (mark.Sequence != 0 && (provableTypes & (1 << (int)mark.Type)) != 0)
                {
                    due |= Note(page, mark);
                }
            }
        }

        return due;
    }

    /// <summary>A loss was told otherwise.</summary>
    public void Told(string source, string instance, string hop, string reason, ulong count)
    {
        // What an agent refuses is refused before it is numbered.
        if (hop == "doppler" || (hop == "agent" && reason is "ring_full" or "shutdown" or "unconfirmed"))
        {
            lock (_sync)
            {
                if (AccountOf(source, instance) is { } account)
                {
                    account.Told += count;
                }
            }
        }
    }

    /// <summary>A Doppler was lost with what it held. Ask <see cref="Settle"/> when the grace is over.</summary>
    public void Crashed()
    {
        lock (_sync)
        {
            _crashes++;
            foreach (var account in _accounts.Values)
            {
                account.Due = true;
            }
        }
    }

    /// <summary>Adds what is proven lost, and has no hope left, to <paramref name="lost"/>. True: ask again when another grace is over.</summary>
    public bool Settle(List<StampAccount> lost)
    {
        var again = false;
        lock (_sync)
        {
            foreach (var (key, account) in _accounts)
            {
                if (!account.Due)
                {
                    continue;
                }

                if (time.GetElapsedTime(account.Changed) < Grace)
                {
                    again = true;
                    continue;
                }

                if (account.Missing < account.Told)
                {
                    account.Settle();
                    continue;
                }

                Close(key, account);
                if (account.Missing > account.Told)
                {
                    lost.Add(account);
                }
            }
        }

        return again;
    }

    /// <summary>Forgets all and gives its share of the budget back.</summary>
    public void Dispose()
    {
        lock (_sync)
        {
            budget.Return(_entries.Length);
            _entries = [];
            _index.Clear();
            _accounts.Clear();
            _used = 0;
        }
    }

    private bool Note(Page page, in StampMark mark)
    {
        ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(_index, (mark.Source, mark.Counter));
        if (Unsafe.IsNullRef(ref slot))
        {
            Claim(mark, page.Live);
            return false;
        }

        ref var entry = ref _entries[slot];
        entry.Recent = true;
        if (mark.Sequence == entry.Last + 1)
        {
            entry.Last = mark.Sequence;
            entry.Crashes = _crashes;
            entry.Live |= page.Live;
            return false;
        }

        if (mark.Sequence <= entry.Last)
        {
            entry.Account?.Fill(mark.Counter, mark.Sequence);
            return false;
        }

        return Jump(page, mark, ref entry);
    }

    private bool Jump(Page page, in StampMark mark, ref Entry entry)
    {
        var (first, crashed, known) = (entry.Last + 1, entry.Crashes != _crashes, entry.Live);
        entry.Last = mark.Sequence;
        entry.Crashes = _crashes;
        entry.Live |= page.Live;
        if (!known)
        {
            return false; // history: parts of it, from several Dopplers
        }

        if (entry.Account is not { Closed: false })
        {
            var envelope = page.EnvelopeAt(mark.Offset);
            _ = RawEnvelope.TryReadHeader(envelope, out var header);
            entry.Account = AccountOf(Text(header.SourceId.Of(envelope)), Text(header.InstanceId.Of(envelope)));
        }

        if (entry.Account is not { } account)
        {
            return false;
        }

        account.Changed = time.GetTimestamp();
        account.Jump(mark.Counter, first, mark.Sequence - 1, mark.Timestamp);
        account.Due |= crashed;
        return account.Due;
    }

    private void NoteGapRecord(ReadOnlySpan<byte> envelope)
    {
        if (RawEnvelope.TryReadHeader(envelope, out var header) && GapRecord.TryRead(envelope, header, out var gap))
        {
            Told(Text(gap.SourceId), Text(gap.InstanceId), Text(gap.Hop), Text(gap.Reason), gap.Count);
        }
    }

    private StampAccount? AccountOf(string source, string instance)
    {
        Sweep();
        if (!_accounts.TryGetValue((source, instance), out var account))
        {
            if (_accounts.Count >= capacity)
            {
                return null;
            }

            _accounts.Add((source, instance), account = new StampAccount(source, instance));
        }

        account.Changed = time.GetTimestamp();
        return account;
    }

    private void Sweep()
    {
        if (time.GetElapsedTime(_swept) < Memory)
        {
            return;
        }

        _swept = time.GetTimestamp();
        foreach (var (key, account) in _accounts)
        {
            if (!account.Due && time.GetElapsedTime(account.Changed) >= (account.Told > account.Missing ? ToldMemory : Memory))
            {
                Close(key, account);
            }
        }
    }

    private void Close((string Source, string Instance) key, StampAccount account)
    {
        account.Closed = true;
        _accounts.Remove(key);
    }

    private void Claim(in StampMark mark, bool live)
    {
        if (_used == _entries.Length && !TryGrow())
        {
            if (_used == 0)
            {
                return; // no budget at all
            }

            while (_entries[_hand].Recent)
            {
                _entries[_hand].Recent = false;
                _hand = (_hand + 1) % _used;
            }

            _index.Remove(_entries[_hand].Key);
            Put(_hand, mark, live);
            _hand = (_hand + 1) % _used;
            return;
        }

        Put(_used++, mark, live);
    }

    private void Put(int at, in StampMark mark, bool live)
    {
        var key = (mark.Source, mark.Counter);
        _entries[at] = new Entry { Key = key, Last = mark.Sequence, Crashes = _crashes, Live = live, Recent = true };
        _index.Add(key, at);
    }

    private bool TryGrow()
    {
        var more = Math.Min(Math.Max(_entries.Length, 64), capacity - _entries.Length);
        if (more <= 0 || !budget.TryTake(more))
        {
            return false;
        }

        Array.Resize(ref _entries, _entries.Length + more);
        return true;
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private struct Entry
    {
        public (ulong Source, ulong Counter) Key;
        public ulong Last;
        public StampAccount? Account;
        public uint Crashes; // that had been when it was last heard of
        public bool Live; // it was heard of behind the history: from then on each number counts
        public bool Recent;
    }
}
