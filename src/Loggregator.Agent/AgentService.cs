using System.Security.Cryptography;
using System.Text;
using Loggregator.Agent.Forwarding;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.Agent;

/// <summary>
/// Runs the agent's forwarding: the Doppler list, the pool and one loop per lane. The host stops its listeners before this service, so that
/// at its stop nothing new comes and what the ring holds goes out within the drain deadline.
/// </summary>
public sealed class AgentService : IHostedService, IAsyncDisposable
{
    private const int SourcesTold = 5;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private readonly AgentOptions _options;
    private readonly FairRing _ring;
    private readonly LossTable _losses;
    private readonly AgentCounters _counters;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly DopplerDirectory _directory;
    private readonly DopplerPool _pool;
    private readonly LaneForwarder[] _lanes;
    private readonly CancellationTokenSource _end = new();
    private Task _running = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;

    internal AgentService(
        AgentOptions options, FairRing ring, LossTable losses, AgentCounters counters, PeerConnector connector, TimeProvider time, ILogger<AgentService> log)
    {
        _options = options;
        _ring = ring;
        _losses = losses;
        _counters = counters;
        _time = time;
        _log = log;
        _directory = new DopplerDirectory(options.Dopplers, options.DnsRefresh, time, log, connector.Resolve);
        var epoch = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _pool = new DopplerPool(options, epoch, _directory, connector, time, log);
        _lanes = [.. Enumerable.Range(0, options.Lanes).Select(lane => new LaneForwarder(lane, options, ring, losses, _pool, counters, time, log))];
    }

    /// <summary>At least one Doppler answers.</summary>
    public bool Ready => _pool.AnyAlive;

    /// <summary>Open streams to Dopplers.</summary>
    public int Streams => _lanes.Count(lane => lane.Linked);

    /// <summary>Dopplers that have such streams.</summary>
    public int Connections => _pool.InUse;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Log.Started(_log, _options.AgentId, _options.Lanes, string.Join(", ", _options.Dopplers));
        _pool.Start();
        _running = Task.WhenAll(_lanes.Select(lane => Task.Run(() => lane.RunAsync(_end.Token), CancellationToken.None)));
        _watching = Task.WhenAll(_directory.RunAsync(_end.Token), WatchLossesAsync(_end.Token));
        return Task.CompletedTask;
    }

    /// <summary>Hands on what is held, within <see cref="AgentOptions.DrainDeadline"/> or until the token is cancelled; counts what remains.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var lane in _lanes)
        {
            lane.Drain();
        }

        using var deadline = new CancellationTokenSource(_options.DrainDeadline, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        await _running.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _end.CancelAsync();
        await _running;
        await _watching;
        await _pool.DisposeAsync();
        var dropped = _ring.DropAll(LossReason.Shutdown);
        TellLosses(LossReason.Shutdown, Log.LostAtStop);
        if (!_options.OriginalDopplers)
        {
            TellLosses(LossReason.Unconfirmed, Log.UnconfirmedAtStop); // of original ones, which never confirm, some are counted while it runs
        }

        Log.Stopped(_log, Interlocked.Read(ref _counters.Confirmed), _counters.Dropped(LossReason.Unconfirmed), dropped);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_end.IsCancellationRequested)
        {
            await _end.CancelAsync();
            await _running;
            await _watching;
            await _pool.DisposeAsync();
        }

        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }

        _end.Dispose();
    }

    /// <summary>One line when losses begin and one when they have ended, however many there are.</summary>
    private async Task WatchLossesAsync(CancellationToken cancel)
    {
        using var tick = new PeriodicTimer(WatchInterval, _time);
        long before = 0, seen = 0, invalid = 0, overflowed = 0;
        bool invalidTold = false, overflowTold = false;
        while (await TickAsync(tick, cancel))
        {
            var dropped = _counters.Dropped(LossReason.RingFull);
            if (dropped > seen && seen == before)
            {
                Log.RingOverflows(_log, _ring.CapacityBytes);
            }
            else if (dropped == seen && seen > before)
            {
                Log.RingRecovered(_log, dropped - before);
                before = dropped;
            }

            seen = dropped;
            var nowInvalid = _counters.Dropped(LossReason.Invalid);
            if (nowInvalid > invalid && !invalidTold)
            {
                Log.InvalidEnvelopes(_log, nowInvalid - invalid);
            }

            invalidTold = nowInvalid > invalid;
            invalid = nowInvalid;
            var nowOverflowed = _counters.Dropped(LossReason.UdpKernel);
            if (nowOverflowed > overflowed && !overflowTold)
            {
                Log.UdpOverflows(_log, nowOverflowed - overflowed);
            }

            overflowTold = nowOverflowed > overflowed;
            overflowed = nowOverflowed;
        }
    }

    /// <summary>One line for what was lost for a reason: how many, and of which sources most.</summary>
    private void TellLosses(LossReason reason, Action<ILogger, long, string> tell)
    {
        var bySource = _losses.Snapshot().Where(loss => loss.Reason == reason && loss.Total > 0)
            .GroupBy(loss => Encoding.UTF8.GetString(loss.SourceId.Span), loss => loss.Total)
            .Select(group => (Source: group.Key, Count: group.Sum())).OrderByDescending(source => source.Count).ToList();
        if (bySource.Count == 0)
        {
            return;
        }

        var text = string.Join(", ", bySource.Take(SourcesTold).Select(source => $"{source.Count} of '{source.Source}'"));
        var others = bySource.Skip(SourcesTold).Sum(source => source.Count);
        tell(_log, bySource.Sum(source => source.Count), others == 0 ? text : $"{text}, {others} of {bySource.Count - SourcesTold} other sources");
    }

    private static async ValueTask<bool> TickAsync(PeriodicTimer tick, CancellationToken cancel)
    {
        try
        {
            return await tick.WaitForNextTickAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
