using Loggregator.Client.Connect;
using Loggregator.Nozzle.Sinks;
using Loggregator.Nozzle.Spool;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle;

/// <summary>The role's life: its sinks, each by itself, and what changes of them without a restart.</summary>
internal sealed class NozzleService : IHostedService, IDisposable
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly NozzleParts _parts;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;
    private volatile SinkPipe[] _pipes = [];
    private Task _ticking = Task.CompletedTask;

    public NozzleService(NozzleOptions options, PeerConnector connector, TimeProvider time, ILoggerFactory logs, IHostApplicationLifetime lifetime)
    {
        _parts = new NozzleParts(options, connector, time, logs, Console.OpenStandardOutput());
        _lifetime = lifetime;
        _logger = logs.CreateLogger<NozzleService>();
    }

    /// <summary>The sinks that run now. Any thread.</summary>
    public IReadOnlyList<SinkPipe> Pipes => _pipes;

    /// <summary>Whether envelopes come to every sink.</summary>
    public bool Ready => _pipes.All(pipe => pipe.Joined);

    /// <summary>Opens all sinks and their spools; nothing moves yet.</summary>
    /// <exception cref="SinkException">A sink cannot be made.</exception>
    /// <exception cref="SpoolException">A spool cannot be opened.</exception>
    public async Task OpenAsync()
    {
        var opened = new List<SinkPipe>();
        try
        {
            foreach (var definition in SinkDefinition.ReadAll(_parts.Options, []))
            {
                opened.Add(SinkPipe.Open(definition, _parts));
            }
        }
        catch
        {
            foreach (var pipe in opened)
            {
                await pipe.DisposeAsync();
            }

            throw;
        }

        _pipes = [.. opened];
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_pipes.Length == 0)
        {
            await OpenAsync();
        }

        foreach (var pipe in _pipes)
        {
            Run(pipe);
        }

        _ticking = TickAsync(_stop.Token);
    }

    /// <summary>
    /// Takes other sinks over: those that are new start, those that are gone or changed stop, a filter alone changes in its place. Other settings
    /// of the role need a restart. What cannot be started is logged and does not concern the others.
    /// </summary>
    public async Task ReloadAsync(NozzleOptions options)
    {
        await _changing.WaitAsync(_stop.Token);
        try
        {
            var wanted = SinkDefinition.ReadAll(options, []).ToDictionary(definition => definition.Name);
            var changed = new HashSet<string>();
            foreach (var pipe in _pipes)
            {
                if (wanted.TryGetValue(pipe.Definition.Name, out var definition) && pipe.TryChange(definition))
                {
                    wanted.Remove(definition.Name);
                    continue;
                }

                changed.Add(pipe.Definition.Name);
                _pipes = [.. _pipes.Where(other => other != pipe)];
                await pipe.StopAsync(_parts.Options.DrainDeadline);
                if (definition is null && pipe.Spool is { Held: > 0 } spool)
                {
                    Log.SinkRemoved(_logger, pipe.Definition.Name, spool.Held, pipe.Folder);
                }

                await pipe.DisposeAsync();
            }

            foreach (var definition in wanted.Values)
            {
                changed.Add(definition.Name);
                TryStart(definition);
            }

            Log.Reloaded(_logger, string.Join(", ", _pipes.Select(pipe => pipe.Definition.Name)), changed.Count);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _changing.WaitAsync(CancellationToken.None);
        await Task.WhenAll(_pipes.Select(async pipe =>
        {
            await pipe.StopAsync(_parts.Options.DrainDeadline * 0.8);
            await pipe.DisposeAsync();
        }));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _changing.Dispose();
    }

    private void TryStart(SinkDefinition definition)
    {
        try
        {
            var pipe = SinkPipe.Open(definition, _parts);
            Run(pipe);
            _pipes = [.. _pipes, pipe];
        }
        catch (Exception e) when (e is SinkException or SpoolException)
        {
            Log.SinkNotStarted(_logger, definition.Name, e.Message);
        }
    }

    // A sink that fails by a fault of this program ends the process: what is on disk and at the Dopplers waits for its next start.
    private void Run(SinkPipe pipe)
    {
        pipe.Start();
        pipe.Failure.ContinueWith(
            failed =>
            {
                Log.SinkFailed(_logger, pipe.Definition.Name, failed.Exception!);
                _lifetime.StopApplication();
            },
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }

    private async Task TickAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _parts.Time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            foreach (var pipe in _pipes)
            {
                pipe.Tick();
            }
        }
    }
}
