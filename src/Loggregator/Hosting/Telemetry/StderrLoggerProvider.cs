using Loggregator.Configuration;

namespace Loggregator.Hosting.Telemetry;

/// <summary>
/// Gives loggers that write to stderr. Own instead of the framework's, which starts a thread per host and writes to stdout.
/// The level is looked at for each entry, so it may change while a role runs.
/// </summary>
internal sealed class StderrLoggerProvider(string role, LogOptions options, TimeProvider time, TextWriter output, bool colour) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) =>
        new StderrLogger(output, role, options, colour, time, categoryName.StartsWith("Loggregator", StringComparison.Ordinal));

    public void Dispose()
    {
    }
}
