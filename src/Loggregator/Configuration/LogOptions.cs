namespace Loggregator.Configuration;

/// <summary>What a role writes to stderr.</summary>
internal sealed class LogOptions
{
    /// <summary>The least important entries that are written.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;
}
