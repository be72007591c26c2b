namespace Loggregator.Load.Wire;

/// <summary>Which envelopes of a source are logs and which are gauges, evenly spread, and what they are made of. Any thread.</summary>
internal sealed class EnvelopeMix(uint run, LoadOptions options)
{
    /// <summary>The run in whose name envelopes are made.</summary>
    public uint Run { get; } = run;

    public EnvelopeTemplate Logs { get; } = EnvelopeTemplate.OfLogs(run, options.Payload, options.Tags);

    public EnvelopeTemplate Gauges { get; } = EnvelopeTemplate.OfGauges(run, options.GaugeValues, options.Tags);

    /// <summary>Whether the <paramref name="n"/>-th envelope of a source is a gauge; sources begin at different places of the cycle.</summary>
    public bool IsGauge(int source, ulong n)
    {
        var before = (n + (ulong)source) * (ulong)options.MetricsPercent;
        return (before + (ulong)options.MetricsPercent) / 100 > before / 100;
    }
}
