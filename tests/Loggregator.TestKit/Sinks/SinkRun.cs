using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Sinks;
using Loggregator.TestKit.Faults;

namespace Loggregator.TestKit.Sinks;

/// <summary>A sink made of its URL, with its delivery loop running, a source in memory and a dead-letter file.</summary>
internal sealed class SinkRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-sink-").FullName;
    private readonly DeadLetterFile _deadLetters;
    private readonly Task _running;

    /// <summary>Starts it.</summary>
    public SinkRun(string url, MemoryRecordSource? source = null, TimeProvider? time = null, Stream? standardOutput = null, params (string Key, string Value)[] keys)
    {
        Source = source ?? new MemoryRecordSource();
        time ??= TimeProvider.System;
        var errors = new List<string>();
        Spec = SinkSpec.Parse(url, keys.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)[pair.Value]), errors)
            ?? throw new InvalidOperationException(string.Join('\n', errors));
        var logger = Recorder.CreateLogger("nozzle");
        Sink = Spec.Create(new SinkContext(time, logger, standardOutput ?? Stream.Null));
        Counters = new SinkCounters("sink-1", Spec.Url.ToString(), Source, time);
        _deadLetters = new DeadLetterFile(DeadLetterPath, Spec.Buffer.DeadLetterBytes, time);
        var loop = new DeliveryLoop(Source, Sink, Counters, Spec.Delivery, _deadLetters, Spec.Url.Redact, time, logger);
        _running = Task.Run(() => loop.RunAsync(_stop.Token));
    }

    /// <summary>What it delivers.</summary>
    public MemoryRecordSource Source { get; }

    /// <summary>Its URL and options.</summary>
    public SinkSpec Spec { get; }

    /// <summary>The sink.</summary>
    public ISink Sink { get; }

    /// <summary>What it counts.</summary>
    public SinkCounters Counters { get; }

    /// <summary>What it logs.</summary>
    public ErrorRecorder Recorder { get; } = new();

    /// <summary>The dead-letter file.</summary>
    public string DeadLetterPath => Path.Combine(_folder, "dead.ndjson");

    /// <summary>The dead letters.</summary>
    public IReadOnlyList<string> DeadLetters => File.Exists(DeadLetterPath) ? File.ReadAllLines(DeadLetterPath) : [];

    /// <summary>Everything that is shown to anyone.</summary>
    public string Shown => string.Join('\n', [.. Recorder.Lines, .. DeadLetters, Counters.Endpoint, Counters.LastFailure?.Reason ?? ""]);

    /// <summary>Stops the loop and disposes the sink.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await Sink.DisposeAsync();
        _deadLetters.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await StopAsync();
        }

        Directory.Delete(_folder, recursive: true);
        _stop.Dispose();
    }
}
