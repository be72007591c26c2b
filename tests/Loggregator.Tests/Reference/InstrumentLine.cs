using System.Diagnostics.Metrics;
using Loggregator.Hosting.Telemetry;

namespace Loggregator.Tests.Reference;

/// <summary>One line of the reference of metrics.</summary>
internal sealed record InstrumentLine(string Name, string Series, string Type, string Unit, string Tags, string Description)
{
    public static InstrumentLine Of(Instrument instrument, IReadOnlyDictionary<string, SortedSet<string>> tags)
    {
        var counter = instrument.GetType().Name.Contains("Counter", StringComparison.Ordinal);
        var named = tags.Select(tag => tag.Key is "version" or "sink" ? $"`{tag.Key}`" : $"`{tag.Key}`: {string.Join(", ", tag.Value.Select(value => $"`{value}`"))}");
        return new InstrumentLine(
            instrument.Name,
            PrometheusText.Name(instrument.Name, instrument.Unit, counter),
            counter ? "counter" : "gauge",
            instrument.Unit ?? "1",
            string.Join("; ", named),
            (instrument.Description ?? throw new InvalidOperationException($"{instrument.Name} has no description.")).TrimEnd('.'));
    }
}
