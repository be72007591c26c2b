using System.Globalization;
using Loggregator.Configuration;
using Loggregator.Terminal;

namespace Loggregator.Hosting.Telemetry;

/// <summary>Writes one line per entry to stderr: time, level, role, message. Below errors only what our own code logs.</summary>
internal sealed class StderrLogger(TextWriter output, string role, LogOptions options, bool colour, TimeProvider time, bool ours) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    // The framework's warnings are about peers and connections, which our own code tells better.
    public bool IsEnabled(LogLevel logLevel) =>
        logLevel >= options.Level && (ours || options.Level <= LogLevel.Debug || logLevel >= LogLevel.Error) && logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var (word, code) = logLevel switch
        {
            LogLevel.Critical or LogLevel.Error => ("ERROR", "31"),
            LogLevel.Warning => ("WARN ", "33"),
            LogLevel.Information => ("INFO ", "32"),
            _ => ("DEBUG", "90"),
        };
        var clock = time.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var text = SafeText.Clean(formatter(state, exception).ReplaceLineEndings(" ")); // it may quote peers and producers
        var line = colour ? $"\e[90m{clock}\e[0m \e[{code}m{word}\e[0m {role}: {text}" : $"{clock} {word} {role}: {text}";
        lock (output)
        {
            output.WriteLine(exception is null ? line : $"{line}\n{exception}");
        }
    }
}
