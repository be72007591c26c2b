namespace Loggregator.Hosting.Telemetry;

/// <summary>Gives loggers that write to stderr. Own instead of the framework's, which starts a thread per host and writes to stdout.</summary>
internal sealed class StderrLoggerProvider(string role, LogLevel minimum, TimeProvider time, TextWriter output, bool colour) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName)
    {
        var foreign = minimum > LogLevel.Debug && !categoryName.StartsWith("Loggregator", StringComparison.Ordinal);
        return new StderrLogger(output, role, minimum, colour, time, foreign);
    }

    public void Dispose()
    {
    }
}
