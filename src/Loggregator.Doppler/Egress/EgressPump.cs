using System.Runtime.CompilerServices;
using Loggregator.Doppler.Lifetime;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Doppler.Egress;

/// <summary>
/// Step 8 of the spine, common to all that read the log: fills frames and writes them. One frame is written at once after a pause; while
/// envelopes keep coming it gathers for a gap. Never polls: woken by appends, credit and a tick each second.
/// </summary>
internal sealed class EgressPump : IAsyncDisposable
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan StoringGap = TimeSpan.FromMilliseconds(10); // who acknowledges stores first, and gathers himself for it
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1); // pending losses and positions are told by then
    private readonly LogConsumer _consumer;
    private readonly LogFrame _frame;
    private readonly DopplerCounters _counters;
    private readonly Draining _draining;
    private readonly TimeProvider _time;
    private readonly CancellationToken _gone;
    private readonly AsyncSignal _gathered = new();
    private readonly Pause _gathering;
    private readonly Pause _tick;
    private readonly CancellationTokenRegistration[] _wakers;
    private readonly long _start;
    private SendPace _pace;
    private TimeSpan _gap = Gap;
    private long _lastTick;

    public EgressPump(LogConsumer consumer, LogFrame frame, DopplerCounters counters, Draining draining, TimeProvider time, CancellationToken gone)
    {
        (_consumer, _frame, _counters, _draining, _time, _gone) = (consumer, frame, counters, draining, time, gone);
        _gathering = new Pause(time, _gathered);
        _tick = new Pause(time, consumer.Signal);
        _tick.SetEvery(Tick);
        _start = _lastTick = time.GetTimestamp();
        CancellationToken[] wakers = [gone, draining.Stopping, draining.ReadOut, draining.Cut];
        _wakers = [.. wakers.Select(waker => waker.Register(consumer.Signal.Set))];
    }

    /// <summary>Writes frames until the peer is gone, or everything has been read after the role was to stop, or the deadline.</summary>
    /// <param name="write">Writes one message; it completes when the transport has taken it.</param>
    /// <param name="finish">Adds what goes with the frame beside envelopes, and says whether there is something to send. True: tick.</param>
    public async Task RunAsync(Func<MessageBuffer, Task> write, Func<bool, bool> finish)
    {
        while (!_gone.IsCancellationRequested && !_draining.Cut.IsCancellationRequested)
        {
            var readOut = _draining.ReadOut.IsCancellationRequested;
            var filled = _consumer.Fill(_frame);
            var ticks = _time.GetElapsedTime(_lastTick) >= Tick;
            if (ticks)
            {
                _lastTick = _time.GetTimestamp();
                filled |= _consumer.FillNotices(_frame);
            }

            if (!finish(ticks) && !filled)
            {
                if (readOut && !_consumer.HasUnread())
                {
                    return;
                }

            }
            else
            {
                await WriteAsync(write);
            }

            if (!_consumer.HasMore)
            {
                await _consumer.Signal.WaitAsync();
                await GatherAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var waker in _wakers)
        {
            await waker.DisposeAsync();
        }

        _gathering.Dispose();
        _tick.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask GatherAsync()
    {
        var wait = _pace.Next(_gap) - _time.GetElapsedTime(_start);
        if (wait > TimeSpan.Zero && !_gone.IsCancellationRequested)
        {
            await _gathering.WaitAsync(wait);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(Func<MessageBuffer, Task> write)
    {
        var deliveries = _frame.Deliveries;
        var returning = _frame.Acknowledgeable;
        using var message = _frame.Take();
        try
        {
            await write(message);
            _gap = returning > 0 && returning == deliveries ? StoringGap : Gap;
            _pace.Sent(_time.GetElapsedTime(_start), _gap);
            Interlocked.Add(ref _counters.Delivery.Written, deliveries);
            Interlocked.Increment(ref _counters.FramesWritten);
            Interlocked.Add(ref _counters.BytesWritten, message.Length);
        }
        catch
        {
            Interlocked.Add(ref _counters.Delivery.PeerGone, deliveries - returning);
            Interlocked.Add(ref _counters.Delivery.Returned, returning);
            throw;
        }
    }
}
