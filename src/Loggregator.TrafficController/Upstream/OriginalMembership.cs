namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// One stream's ring in front of an original Doppler, which has no log to read from: bounded in bytes, drops the oldest page. One writer
/// (the link's loop), one reader (the stream's pump).
/// </summary>
internal sealed class OriginalMembership(EnvelopeStream stream, OriginalLine line, long capacity)
{
    private readonly Lock _sync = new();
    private readonly Queue<Page> _ring = new();
    private long _bytes;
    private int _announced; // entries of the stream's mailbox that stand for a page here

    public EnvelopeStream Stream { get; } = stream;

    public OriginalLine Line { get; } = line;

    /// <summary>Adds a page, which it owns from now on; what has to go for it is handed to <paramref name="dropped"/>.</summary>
    public void Enqueue(Page page, List<Page> dropped)
    {
        bool announce;
        lock (_sync)
        {
            while (_ring.Count > 0 && _bytes + page.Charge > capacity)
            {
                var oldest = _ring.Dequeue();
                _bytes -= oldest.Charge;
                dropped.Add(oldest);
            }

            _ring.Enqueue(page);
            _bytes += page.Charge;
            announce = _announced < _ring.Count;
            _announced += announce ? 1 : 0;
        }

        if (announce)
        {
            Stream.PutOriginal(this);
        }
    }

    /// <summary>The page that one mailbox entry stands for; null when it was dropped and nothing took its place.</summary>
    public Page? Take()
    {
        lock (_sync)
        {
            _announced--;
            if (!_ring.TryDequeue(out var page))
            {
                return null;
            }

            _bytes -= page.Charge;
            return page;
        }
    }
}
