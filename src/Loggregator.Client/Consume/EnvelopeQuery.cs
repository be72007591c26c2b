using Loggregator.Protocol.V2;

namespace Loggregator.Client;

/// <summary>Which envelopes a stream is to bring.</summary>
public abstract record EnvelopeQuery
{
    private protected EnvelopeQuery()
    {
    }

    /// <summary>Source ids; none: all.</summary>
    public IReadOnlyList<string> SourceIds { get; init; } = [];

    /// <summary>Types of envelopes.</summary>
    public EnvelopeTypes Types { get; init; }

    /// <summary>Counters by their names, in place of all counters.</summary>
    public IReadOnlyList<string> CounterNames { get; init; } = [];

    /// <summary>Gauges that have a metric of one of these names, in place of all gauges.</summary>
    public IReadOnlyList<string> GaugeNames { get; init; } = [];

    /// <summary>Share the stream with all readers that give the same id: each envelope goes to one of them. Empty: every reader gets all.</summary>
    public string ShardId { get; init; } = "";

    /// <summary>The types that are asked for, each by itself: named ones, those of named metrics, or all.</summary>
    internal IEnumerable<EnvelopeTypes> WantedTypes()
    {
        var wanted = Types | (CounterNames.Count > 0 ? EnvelopeTypes.Counter : 0) | (GaugeNames.Count > 0 ? EnvelopeTypes.Gauge : 0);
        return Enum.GetValues<EnvelopeTypes>().Where(type => type != EnvelopeTypes.All && (wanted == EnvelopeTypes.All || (wanted & type) != 0));
    }

    /// <summary>The selectors of what is asked for: of each source each type.</summary>
    internal IEnumerable<Selector> Selectors()
    {
        foreach (var source in SourceIds.Count == 0 ? [""] : SourceIds.Distinct())
        {
            foreach (var selector in WantedTypes().SelectMany(Selectors))
            {
                selector.SourceId = source;
                yield return selector;
            }
        }
    }

    /// <exception cref="ArgumentException">Something is null.</exception>
    internal void Check()
    {
        if (SourceIds is null || CounterNames is null || GaugeNames is null || ShardId is null
            || SourceIds.Concat(CounterNames).Concat(GaugeNames).Any(static text => text is null))
        {
            throw new ArgumentException("A part of the query is null.");
        }
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
