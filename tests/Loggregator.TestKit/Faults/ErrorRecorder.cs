using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Loggregator.TestKit.Faults;

/// <summary>Keeps what roles log, so that a test can assert what was said and fails on errors that nobody expected.</summary>
public sealed class ErrorRecorder : ILoggerProvider
{
    private const int Kept = 10_000; // of the lines below Error; errors are all kept
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _warnings = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentDictionary<string, byte> _expected = new(StringComparer.Ordinal);

    /// <summary>Lines of level Error and above.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>Lines of level Warning.</summary>
    public IReadOnlyList<string> Warnings => [.. _warnings];

    /// <summary>Lines of level Information and above.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Lines of level Error and above that no test has announced.</summary>
    public IReadOnlyList<string> Unexpected =>
        [.. _errors.Where(line => !_expected.Keys.Any(part => line.Contains(part, StringComparison.OrdinalIgnoreCase)))];

    /// <summary>Announces that errors which contain <paramref name="part"/> are meant to happen.</summary>
    public void Expect(string part) => _expected.TryAdd(part, 0);

    /// <summary>A provider whose lines begin with the name of a role instance.</summary>
    public ILoggerProvider Of(string instance) => new Instance(this, instance);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Recorder(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held but the lines.
    }

    private void Add(LogLevel level, string line)
    {
        if (level >= LogLevel.Error)
        {
            _errors.Enqueue(line);
        }
        else if (level == LogLevel.Warning && _warnings.Count < Kept)
        {
            _warnings.Enqueue(line);
        }

        if (_lines.Count < Kept)
        {
            _lines.Enqueue(line);
        }
    }

    private sealed class Instance(ErrorRecorder owner, string name) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new Recorder(owner, $"{name} {categoryName}");

        public void Dispose()
        {
            // The lines belong to the owner.
        }
    }

    private sealed class Recorder(ErrorRecorder owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(level))
            {
                owner.Add(level, $"{level} {category}: {formatter(state, exception)}{(exception is null ? "" : "\n" + exception)}");
            }
        }
    }
}
