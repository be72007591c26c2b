using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Attach;

/// <summary>What an attached client is to be told beside envelopes: answers, and what changes at this Doppler. Any thread adds, the pump takes.</summary>
internal sealed class AttachNews
{
    private readonly Lock _gate = new();
    private AttachFrame? _pending;

    public void Add(Action<AttachFrame> change)
    {
        lock (_gate)
        {
            change(_pending ??= new AttachFrame());
        }
    }

    public AttachFrame? Take()
    {
        if (Volatile.Read(ref _pending) is null)
        {
            return null;
        }

        lock (_gate)
        {
            var taken = _pending;
            _pending = null;
            return taken;
        }
    }
}
