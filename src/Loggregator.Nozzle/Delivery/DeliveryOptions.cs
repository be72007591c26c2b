namespace Loggregator.Nozzle.Delivery;

/// <summary>How a sink's delivery goes on after failures. The defaults suit all sinks.</summary>
internal sealed record DeliveryOptions
{
    /// <summary>The first pause after a failure is anything up to this; it doubles with each further failure.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>No pause is longer, while the breaker is closed.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After failing for so long the breaker opens: then there is one attempt each 60 to 120 s.</summary>
    public TimeSpan BreakAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>At a stop, what was handed over is waited for so long.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
