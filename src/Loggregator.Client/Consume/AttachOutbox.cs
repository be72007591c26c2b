using Google.Protobuf;
using Grpc.Core;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Client.Consume;

/// <summary>
/// The requests of one Attach call on their way out: any number of posters, one loop that writes. It holds at most a few messages a
/// subscription (open, close, and credit in steps of a quarter window).
/// </summary>
internal sealed class AttachOutbox
{
    private readonly Lock _sync = new();
    private readonly AsyncSignal _posted = new();
    private List<AttachRequest> _pending = [];
    private List<AttachRequest> _writing = [];
    private volatile bool _completed;

    /// <summary>Queues a request. What is posted after <see cref="Complete"/> is dropped: the call is over.</summary>
    public void Post(AttachRequest request)
    {
        lock (_sync)
        {
            if (_completed)
            {
                return;
            }

            if (request.Ack is { } ack && _pending is [.., { Ack: { } before }] && before.Subscription == ack.Subscription)
            {
                _pending[^1] = request; // it says more
                return;
            }

            _pending.Add(request);
        }

        _posted.Set();
    }

    /// <summary>Ends the loop.</summary>
    public void Complete()
    {
        lock (_sync)
        {
            _completed = true;
            _pending.Clear();
        }

        _posted.Set();
    }

    /// <summary>Writes what is posted until <see cref="Complete"/>, or until a write fails.</summary>
    public async Task RunAsync(IClientStreamWriter<MessageBuffer> writer)
    {
        while (!_completed)
        {
            await _posted.WaitAsync().ConfigureAwait(false);
            lock (_sync)
            {
                (_pending, _writing) = (_writing, _pending);
            }

            foreach (var request in _writing)
            {
                using var message = MessageBuffer.Rent(request.CalculateSize());
                request.WriteTo(message);
                await writer.WriteAsync(message).ConfigureAwait(false);
            }

            _writing.Clear();
        }
    }
}
