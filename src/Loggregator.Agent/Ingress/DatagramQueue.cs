using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Agent.Ingress;

/// <summary>
/// Datagrams between the thread that reads them and the one that understands them: one adds, one takes all there are, as records. Bounded in
/// bytes; when it is full, adding waits, and the kernel's buffer takes the rest. It holds a burst of a second and what comes during pauses of
/// this process, which the kernel's buffer is too small for.
/// </summary>
internal sealed class DatagramQueue(int capacity) : IDisposable
{
    private const int Usual = 256 * 1024;
    private readonly object _gate = new(); // Monitor.Wait needs an object of its own
    private MessageBuffer _filling = MessageBuffer.Rent(Usual);
    private MessageBuffer _taken = MessageBuffer.Rent(Usual);
    private bool _takerWaits, _adderWaits, _complete;

    /// <summary>Adds one; waits while there is no room.</summary>
    public void Add(ReadOnlySpan<byte> datagram)
    {
        lock (_gate)
        {
            while (_filling.Length > 0 && _filling.Length + datagram.Length > capacity)
            {
                _adderWaits = true;
                Monitor.Wait(_gate);
            }

            Records.Append(_filling, datagram);
            Wake(ref _takerWaits);
        }
    }

    /// <summary>Nothing follows.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _complete = true;
            Wake(ref _takerWaits);
        }
    }

    /// <summary>Everything that was added since the last time, valid until the next call; waits for it. Null when nothing follows.</summary>
    public MessageBuffer? TakeAll()
    {
        var wasLarge = _taken.Length > Usual;
        _taken.Clear();
        if (wasLarge)
        {
            _taken.Dispose(); // the memory of a burst is not kept
            _taken = MessageBuffer.Rent(Usual);
        }

        lock (_gate)
        {
            while (_filling.Length == 0)
            {
                if (_complete)
                {
                    return null;
                }

                _takerWaits = true;
                Monitor.Wait(_gate);
            }

            (_filling, _taken) = (_taken, _filling);
            Wake(ref _adderWaits);
        }

        return _taken;
    }

    public void Dispose()
    {
        _filling.Dispose();
        _taken.Dispose();
    }

    private void Wake(ref bool waits)
    {
        if (waits)
        {
            waits = false;
            Monitor.Pulse(_gate);
        }
    }
}
