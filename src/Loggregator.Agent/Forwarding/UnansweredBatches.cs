namespace Loggregator.Agent.Forwarding;

/// <summary>
/// The batches of one lane that are not answered, in the order of their numbers. The first <see cref="OnLink"/> of them were sent on the
/// present link; the others wait to be sent again. The lane's loop alone uses it.
/// </summary>
internal sealed class UnansweredBatches
{
    private readonly Queue<OutgoingBatch> _sent = new();
    private readonly Queue<OutgoingBatch> _waiting = new();

    public int Count => _sent.Count + _waiting.Count;

    /// <summary>Sent on the present link.</summary>
    public int OnLink => _sent.Count;

    /// <summary>To be sent again.</summary>
    public int Waiting => _waiting.Count;

    public long Bytes { get; private set; }

    /// <summary>A new batch, which is sent at once.</summary>
    public void Add(OutgoingBatch batch)
    {
        _sent.Enqueue(batch);
        Bytes += batch.Message.Length;
    }

    /// <summary>The next batch to be sent again; from now on it counts as sent.</summary>
    public OutgoingBatch SendNextAgain()
    {
        var batch = _waiting.Dequeue();
        _sent.Enqueue(batch);
        return batch;
    }

    /// <summary>Takes the oldest batch out if it was sent on this link and its number is answered.</summary>
    public OutgoingBatch? TakeAnswered(ulong upTo)
    {
        if (!_sent.TryPeek(out var oldest) || oldest.N > upTo)
        {
            return null;
        }

        Bytes -= oldest.Message.Length;
        return _sent.Dequeue();
    }

    /// <summary>The link is gone: everything waits to be sent again. Returns how many envelopes were under way.</summary>
    public long LinkLost()
    {
        var envelopes = _sent.Sum(batch => (long)batch.Envelopes);
        while (_waiting.TryDequeue(out var batch))
        {
            _sent.Enqueue(batch);
        }

        while (_sent.TryDequeue(out var batch))
        {
            _waiting.Enqueue(batch);
        }

        return envelopes;
    }

    /// <summary>Takes the oldest waiting batch out, to give it up.</summary>
    public OutgoingBatch? GiveUp()
    {
        if (!_waiting.TryDequeue(out var batch))
        {
            return null;
        }

        Bytes -= batch.Message.Length;
        return batch;
    }
}
