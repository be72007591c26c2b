using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Loggregator.TestKit.Faults;

/// <summary>Keeps what roles log, so that a test can assert what was said and fails on errors that nobody expected.</summary>
public sealed class ErrorRecorder : ILoggerProvider
{
    private const int Kept = 10_000;
    private readonly ConcurrentQueue<(LogLevel Level, string Line)> _lines = new();

    /// <summary>Lines of level Error and above.</summary>
    public IReadOnlyList<string> Errors => [.. _lines.Where(l => l.Level >= LogLevel.Error).Select(l => l.Line)];

    /// <summary>Lines of level Information and above.</summary>
    public IReadOnlyList<string> Lines => [.. _lines.Select(l => l.Line)];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Recorder(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held but the lines.
    }

    private sealed class Recorder(ErrorRecorder owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(level) || owner._lines.Count >= Kept)
            {
                return;
            }

            owner._lines.Enqueue((level, $"{category}: {formatter(state, exception)}{(exception is null ? "" : "\n" + exception)}"));
        }
    }
}
