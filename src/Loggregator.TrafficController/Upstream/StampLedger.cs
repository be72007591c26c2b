using System.Runtime.CompilerServices;
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
    private readonly Dictionary<(string Source, string Instance), StampAccount> _accounts = [];
    private readonly StampCounts _counts = new(capacity, budget);
    private uint _crashes;
    private long _swept = time.GetTimestamp();

    /// <summary>Counts that are remembered.</summary>
    public int Count => _counts.Count;

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

    /// <summary>
    /// Takes note of a page, in the order in which pages came, from where the pass has got to. It stops at a number that is ahead of the one
    /// expected while another Doppler may still bring what is between: then the pass says who is awaited, and the page is to be noted on
    /// once that one has brought more, or is not to be awaited any longer.
    /// </summary>
    public void Note(Page page, Membership member, StampPass pass)
    {
        pass.Awaited = null;
        lock (_sync)
        {
            for (var marks = page.Marks; pass.Noted < marks.Length; pass.Noted++)
            {
                ref readonly var mark = ref marks[pass.Noted];
                if (mark.GapRecord)
                {
                    NoteGapRecord(page, member, mark, pass);
                }
                else if (mark.Sequence != 0 && (provableTypes & (1 << (int)mark.Type)) != 0)
                {
                    Note(page, member, mark, pass);
                    if (pass.Awaited is not null)
                    {
                        return;
                    }
                }
            }
        }
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
            _counts.Clear();
            _accounts.Clear();
        }
    }

    private void Note(Page page, Membership member, in StampMark mark, StampPass pass)
    {
        ref var count = ref _counts.Find(mark, out var known);
        if (!known)
        {
            if (!Unsafe.IsNullRef(ref count))
            {
                (count.First, count.Last, count.By, count.Live) = (mark.Sequence, mark.Sequence, member, page.Live);
                count.Crashes = _crashes;
            }

            return;
        }

        if (mark.Sequence > count.Last + 1)
        {
            Jump(page, member, mark, ref count, pass);
        }
        else if (mark.Sequence == count.Last + 1)
        {
            Advance(page, member, mark, ref count);
        }
        else if (count.Live && mark.Sequence >= count.First && count.By != member)
        {
            pass.Copies.Add(mark.Offset);
        }
        else
        {
            count.Account?.Fill(mark.Counter, mark.Sequence);
        }
    }

    private void Advance(Page page, Membership member, in StampMark mark, ref StampCount count)
    {
        count.Last = mark.Sequence;
        count.Crashes = _crashes;
        if (!count.Live && page.Live)
        {
            count.Live = true;
            count.First = mark.Sequence;
        }

        if (count.By != member)
        {
            count.By = member;
        }
    }

    private void Jump(Page page, Membership member, in StampMark mark, ref StampCount count, StampPass pass)
    {
        var (first, crashed) = (count.Last + 1, count.Crashes != _crashes);
        if (count.Live) // else it is history: parts of it, from several Dopplers
        {
            if (count.Account is not { Closed: false })
            {
                var envelope = page.EnvelopeAt(mark.Offset);
                _ = RawEnvelope.TryReadHeader(envelope, out var header);
                count.Account = AccountOf(Text(header.SourceId.Of(envelope)), Text(header.InstanceId.Of(envelope)));
            }

            var toldOtherwise = count.Account is { } told && told.Told >= told.Missing + (mark.Sequence - first);
            if (count.By != member && !crashed && !toldOtherwise && time.GetTimestamp() >= count.By!.AwaitAgainAt)
            {
                pass.Awaited = count.By; // the source has moved, and this Doppler is read faster
                return;
            }

            if (count.Account is { } account)
            {
                account.Changed = time.GetTimestamp();
                account.Jump(mark.Counter, first, mark.Sequence - 1, mark.Timestamp);
                account.Due |= crashed;
                pass.Due |= account.Due;
            }
        }

        Advance(page, member, mark, ref count);
        count.First = mark.Sequence;
    }

    // Their numbers, in an epoch of their own, prove copies only: nothing is missing where one is jumped over, and nothing waits for it.
    private void NoteGapRecord(Page page, Membership member, in StampMark mark, StampPass pass)
    {
        if (mark.Sequence != 0)
        {
            ref var count = ref _counts.Find(mark, out var known);
            if (known && mark.Sequence <= count.Last)
            {
                if (count.Live && mark.Sequence >= count.First && count.By != member)
                {
                    pass.Copies.Add(mark.Offset);
                    return;
                }
            }
            else if (!Unsafe.IsNullRef(ref count))
            {
                count.First = known && mark.Sequence == count.Last + 1 ? count.First : mark.Sequence;
                Advance(page, member, mark, ref count);
            }
        }

        var envelope = page.EnvelopeAt(mark.Offset);
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

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
