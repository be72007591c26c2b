using Loggregator.Protocol.V2;

namespace Loggregator.Client;

/// <summary>What to read from a reverse log proxy.</summary>
public sealed record EgressQuery : EnvelopeQuery
{
    /// <summary>Name in a group that shares by the hash of a metric's name; empty: the group shares evenly.</summary>
    public string DeterministicName { get; init; } = "";

    /// <summary>The request.</summary>
    internal EgressBatchRequest Request()
    {
        var request = new EgressBatchRequest { ShardId = ShardId, DeterministicName = DeterministicName, UsePreferredTags = true };
        foreach (var source in SourceIds.Count == 0 ? [""] : SourceIds.Distinct())
        {
            foreach (var type in WantedTypes())
            {
                request.Selectors.AddRange(Selectors(type).Select(selector =>
                {
                    selector.SourceId = source;
                    return selector;
                }));
            }
        }

        return request;
    }

    private IEnumerable<Selector> Selectors(EnvelopeTypes type) => type switch
    {
        EnvelopeTypes.Log => [new() { Log = new LogSelector() }],
        EnvelopeTypes.Counter when CounterNames.Count > 0 => CounterNames.Select(name => new Selector { Counter = new CounterSelector { Name = name } }),
        EnvelopeTypes.Counter => [new() { Counter = new CounterSelector() }],
        EnvelopeTypes.Gauge when GaugeNames.Count > 0 => GaugeNames.Select(name => new Selector { Gauge = new GaugeSelector { Names = { name } } }),
        EnvelopeTypes.Gauge => [new() { Gauge = new GaugeSelector() }],
        EnvelopeTypes.Timer => [new() { Timer = new TimerSelector() }],
        _ => [new() { Event = new EventSelector() }],
    };
}
