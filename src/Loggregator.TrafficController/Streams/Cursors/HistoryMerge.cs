using System.IO.Hashing;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Cursors;

/// <summary>
/// Puts the histories of several Dopplers into one order, by timestamp, and leaves out a copy that another Doppler gave before. A record
/// is taken when every Doppler that is not done yet has one to compare with; each Doppler's credit bounds what is kept. Of a request for
/// the last lines only so many are kept back, within a budget of bytes, until all are done.
/// </summary>
internal sealed class HistoryMerge(int lastLines, long lastBytes, TrafficControllerCounters counters)
{
    private const int Remembered = 4096; // records that a copy is looked for among
    private readonly List<HistoryQueue> _queues = [];
    private readonly Dictionary<UInt128, HistoryQueue> _seen = [];
    private readonly Queue<UInt128> _seenOrder = new();
    private readonly Queue<(Page Page, int Offset, int Length)> _last = new();
    private long _lastBytes;
    private long _lastDeliveries;

    /// <summary>Every Doppler's history has been taken.</summary>
    public bool Complete => _queues.TrueForAll(queue => queue.Done && !queue.HasHead);

    /// <summary>How many records all of them are or will be; null while one has not said.</summary>
    public long? Total => _queues.Exists(queue => queue.Total is null) ? null : _queues.Sum(queue => queue.Total!.Value);

    /// <summary>One queue a Doppler.</summary>
    public IReadOnlyList<HistoryQueue> Queues => _queues;

    /// <summary>Lines that were left out for the budget of bytes.</summary>
    public long BeyondBudget { get; private set; }

    public HistoryQueue QueueOf(Membership member)
    {
        var queue = _queues.Find(candidate => candidate.Member == member);
        if (queue is null)
        {
            queue = new HistoryQueue(member);
            _queues.Add(queue);
        }

        return queue;
    }

    /// <summary>The queue whose first record comes next; null: a Doppler that may have an older one has to be waited for.</summary>
    public HistoryQueue? Next()
    {
        HistoryQueue? next = null;
        foreach (var queue in _queues)
        {
            if (!queue.HasHead)
            {
                if (!queue.Done)
                {
                    return null;
                }
            }
            else if (next is null || queue.Timestamp < next.Timestamp)
            {
                next = queue;
            }
        }

        return next;
    }

    /// <summary>Whether the first record of a queue is a copy of one that another Doppler gave.</summary>
    public bool IsCopy(HistoryQueue queue)
    {
        if (_queues.Count == 1)
        {
            return false;
        }

        var hash = XxHash128.HashToUInt128(queue.Envelope);
        if (_seen.TryGetValue(hash, out var giver))
        {
            if (giver == queue)
            {
                return false;
            }

            Interlocked.Add(ref counters.Duplicates, queue.Page.Copies);
            return true;
        }

        _seen.Add(hash, queue);
        _seenOrder.Enqueue(hash);
        if (_seenOrder.Count > Remembered)
        {
            _seen.Remove(_seenOrder.Dequeue());
        }

        return false;
    }

    /// <summary>Keeps the first record of a queue as one of the last lines.</summary>
    public void Keep(HistoryQueue queue)
    {
        var (offset, length) = queue.Record;
        queue.Page.Retain();
        _last.Enqueue((queue.Page, offset, length));
        _lastBytes += length;
        _lastDeliveries += queue.Page.Copies;
        while (_last.Count > lastLines || (_lastBytes > lastBytes && _last.Count > 1))
        {
            BeyondBudget += _last.Count > lastLines ? 0 : 1;
            Interlocked.Add(ref counters.Trimmed, _last.Peek().Page.Copies);
            DropKept();
        }
    }

    /// <summary>The oldest of the last lines; release its page after use.</summary>
    public bool TryTakeKept(out Page? page, out int offset, out int length)
    {
        if (!_last.TryDequeue(out var kept))
        {
            (page, offset, length) = (null, 0, 0);
            return false;
        }

        (page, offset, length) = kept;
        _lastBytes -= length;
        _lastDeliveries -= page.Copies;
        return true;
    }

    /// <summary>Gives up everything and returns how many envelopes that were, but for pages in the queues.</summary>
    public long Abandon()
    {
        var left = _lastDeliveries;
        while (_last.Count > 0)
        {
            DropKept();
        }

        return left;
    }

    private void DropKept()
    {
        var (page, _, length) = _last.Dequeue();
        _lastBytes -= length;
        _lastDeliveries -= page.Copies;
        page.Release();
    }
}
