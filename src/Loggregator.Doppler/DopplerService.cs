using Loggregator.Doppler.Lifetime;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler;

/// <summary>The role as a whole.</summary>
public sealed class DopplerService : IHostedService
{
    private readonly DopplerIdentity _identity;
    private readonly DopplerCounters _counters;
    private readonly Draining _draining;
    private readonly EnvelopeLog _log;
    private readonly SeriesStore _series;
    private readonly Snapshot _snapshot;
    private readonly ILogger _logger;

    internal DopplerService(
        DopplerIdentity identity,
        DopplerCounters counters,
        Draining draining,
        EnvelopeLog log,
        SeriesStore series,
        Snapshot snapshot,
        ILogger<DopplerService> logger)
    {
        (_identity, _counters, _draining, _log, _series, _snapshot, _logger) = (identity, counters, draining, log, series, snapshot, logger);
    }

    /// <summary>Whether peers are welcome.</summary>
    public bool Ready { get; private set; }

    /// <summary>The name by which agents place their lanes.</summary>
    public string Id => _identity.Id;

    /// <summary>Takes over what may change while it runs: the budgets of the log and of the series. What is more than a smaller one is evicted, and told.</summary>
    public void Reload(DopplerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if ((options.LogBytes, options.MetricPercent) != (_log.Budget, _log.MetricPercent))
        {
            _log.SetBudget(options.LogBytes, options.MetricPercent);
            Log.LogResized(_logger, options.LogBytes, options.MetricPercent);
        }

        var limits = options.ToSeriesLimits();
        if (limits != _series.Limits)
        {
            var (series, samples) = (_series.Count, _series.Counters.Evicted);
            _series.Resize(limits);
            Log.SeriesResized(
                _logger, limits.Bytes, limits.MaxSeries, limits.MaxSeriesPerSource, Math.Max(series - _series.Count, 0), _series.Counters.Evicted - samples);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_snapshot.IsKept)
        {
            _snapshot.Load();
        }

        Ready = true;
        _draining.Stopping.Register(() => Ready = false);
        Log.Started(_logger, _identity.Id, _log.Budget);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (_snapshot.IsKept)
        {
            _snapshot.Save();
        }
        else
        {
            Log.HistoryGone(_logger, _log.HeldSources);
        }

        Log.Stopped(_logger, _counters.Appended);
        return Task.CompletedTask;
    }
}
