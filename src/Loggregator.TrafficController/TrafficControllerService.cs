using Loggregator.TrafficController.Streams;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Hosting;

namespace Loggregator.TrafficController;

/// <summary>The role's life: attaches to the Dopplers, and lets the streams end before it leaves them.</summary>
public sealed class TrafficControllerService : IHostedService, IAsyncDisposable
{
    private readonly DopplerSet _dopplers;
    private readonly OpenStreams _streams;
    private readonly TrafficControllerCounters _counters;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenRegistration _stopping;
    private Task _following = Task.CompletedTask;

    internal TrafficControllerService(
        DopplerSet dopplers, OpenStreams streams, TrafficControllerCounters counters, IHostApplicationLifetime lifetime)
    {
        _dopplers = dopplers;
        _streams = streams;
        _counters = counters;
        _lifetime = lifetime;
    }

    /// <summary>Whether there is something to read: at least one Doppler is attached, and the role is not about to stop.</summary>
    public bool Ready => !_streams.Draining && (_dopplers.HasOriginals || Interlocked.Read(ref _counters.DopplersAttached) > 0);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _stopping = _lifetime.ApplicationStopping.Register(_streams.BeginDrain);
        _following = _dopplers.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _streams.DrainAsync(cancellationToken);
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _dopplers.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.DisposeAsync();
        _stop.Dispose();
    }
}
