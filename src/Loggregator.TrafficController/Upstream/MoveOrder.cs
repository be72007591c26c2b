namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// Keeps the order of a source whose lane moved from one Doppler to another, where the stream reads the new one faster: what that Doppler
/// brings waits, whole pages in their order, until the old one has brought what was numbered before, has gone, or a second is over. Pages that
/// wait keep their credit, so that they are at most a window a Doppler and the rest stays in its log. Where no source has moved nothing waits,
/// and nothing is allocated. Also leaves out what another Doppler has brought before. The stream's pump only.
/// </summary>
internal sealed class MoveOrder(StampLedger ledger, TrafficControllerCounters counters, Func<bool> stopping, TimeProvider time)
{
    /// <summary>The longest that anything waits.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10); // for which a Doppler that was awaited in vain is not awaited again
    private readonly List<MoveHold> _holds = [];
    private StampPass _pass = new();
    private bool _due;

    /// <summary>Dopplers of which pages wait.</summary>
    public int Holds => _holds.Count;

    /// <summary>How long, at most, until something that waits has to go on.</summary>
    public TimeSpan Left
    {
        get
        {
            var left = Patience;
            foreach (var hold in _holds)
            {
                var rest = Patience - time.GetElapsedTime(hold.Since);
                left = rest < left ? rest : left;
            }

            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Notes which of the awaited Dopplers have gone. To be called before the mailbox is emptied: what they brought is in it then.
    /// </summary>
    public void LookAround()
    {
        foreach (var hold in _holds)
        {
            hold.AwaitedHasGone = hold.Pass.Awaited is { Node.Attachment.Identity: null };
        }
    }

    /// <summary>Takes an item of a Doppler. False when it has to wait; else it may have another page afterwards.</summary>
    public bool TryPass(ref StreamItem item)
    {
        var member = item.Member!;
        if (HoldOf(member) is { } hold)
        {
            hold.Items.Enqueue(item);
            return false;
        }

        if (item.Page is not { } page)
        {
            return true;
        }

        _pass.Reset();
        ledger.Note(page, member, _pass);
        if (_pass.Awaited is null)
        {
            item = Finish(item, _pass);
            return true;
        }

        hold = new MoveHold(member, _pass, time.GetTimestamp());
        hold.Items.Enqueue(item);
        _holds.Add(hold);
        _pass = new StampPass();
        return false;
    }

    /// <summary>Adds what need not wait any longer. True: ask the ledger for losses when the grace is over.</summary>
    public bool Release(List<StreamItem> items)
    {
        for (var progress = true; progress && _holds.Count > 0;)
        {
            progress = false;
            for (var i = _holds.Count - 1; i >= 0; i--)
            {
                progress |= TakeReady(_holds[i], items);
                if (_holds[i].Items.Count == 0)
                {
                    _holds.RemoveAt(i);
                }
            }
        }

        var due = _due;
        _due = false;
        return due;
    }

    /// <summary>Gives up all that waits.</summary>
    public void Abandon(List<StreamItem> items)
    {
        foreach (var hold in _holds)
        {
            items.AddRange(hold.Items);
        }

        _holds.Clear();
    }

    private MoveHold? HoldOf(Membership member)
    {
        foreach (var hold in _holds)
        {
            if (hold.Member == member)
            {
                return hold;
            }
        }

        return null;
    }

    private bool TakeReady(MoveHold hold, List<StreamItem> items)
    {
        var progress = false;
        while (hold.Items.TryPeek(out var item))
        {
            if (item.Page is { } page)
            {
                if (!TryNote(hold, page))
                {
                    break;
                }

                item = Finish(item, hold.Pass);
                hold.Pass.Reset();
            }

            hold.Items.Dequeue();
            items.Add(item);
            progress = true;
        }

        return progress;
    }

    private bool TryNote(MoveHold hold, Page page)
    {
        while (true)
        {
            if (hold.Pass.Awaited is { } awaited && (hold.AwaitedHasGone || stopping() || time.GetElapsedTime(hold.Since) >= Patience))
            {
                awaited.AwaitAgainAt = time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency);
                hold.AwaitedHasGone = false;
            }

            var before = hold.Pass.Awaited;
            ledger.Note(page, hold.Member, hold.Pass);
            if (hold.Pass.Awaited is null)
            {
                return true;
            }

            if (hold.Pass.Awaited == before)
            {
                return false;
            }
        }
    }

    // What the stream has had is left out; the page's credit and its place in the Doppler's log stay as they are.
    private StreamItem Finish(in StreamItem item, StampPass pass)
    {
        _due |= pass.Due;
        if (pass.Copies.Count == 0)
        {
            return item;
        }

        var page = item.Page!;
        var copies = (long)pass.Copies.Count * page.Copies;
        Interlocked.Add(ref counters.Held, -copies);
        Interlocked.Add(ref counters.Duplicates, copies);
        return item with { Page = page.Without(pass.Copies) };
    }
}
