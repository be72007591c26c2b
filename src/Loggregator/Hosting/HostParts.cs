namespace Loggregator.Hosting;

/// <summary>What all roles of a process share.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Logs">Makes the log writer of a role.</param>
internal sealed record HostParts(TimeProvider Time, Func<string, ILoggerProvider> Logs);
