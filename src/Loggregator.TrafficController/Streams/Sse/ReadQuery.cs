using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>Turns the parameters of <c>/v2/read</c> into a request, as the original gateway does.</summary>
internal static class ReadQuery
{
    public static GatewayError? TryRead(QueryPairs query, long window, out StreamRequest? request)
    {
        request = null;
        if (query.IsEmpty)
        {
            return GatewayError.EmptyQuery;
        }

        var selectors = Selectors(query.All("source_id"), query);
        if (selectors.Count == 0)
        {
            return GatewayError.MissingType;
        }

        request = new StreamRequest
        {
            Selectors = selectors,
            ShardId = query.First("shard_id") ?? "",
            DeterministicName = query.First("deterministic_name") ?? "",
            Gaps = new GapForms(selectors).NeedsGaps,
            Window = window,
        };
        return null;
    }

    /// <summary>The cross product of sources and types, by source, then log, counter, gauge, timer, event.</summary>
    public static List<Selector> Selectors(List<string> sources, QueryPairs query)
    {
        List<Selector> selectors = [];
        foreach (var source in sources.Count == 0 ? [""] : sources)
        {
            if (query.Has("log"))
            {
                selectors.Add(new Selector { SourceId = source, Log = new LogSelector() });
            }

            var counters = query.All("counter.name");
            selectors.AddRange(counters.Select(name => new Selector { SourceId = source, Counter = new CounterSelector { Name = name } }));
            if (counters.Count == 0 && query.Has("counter"))
            {
                selectors.Add(new Selector { SourceId = source, Counter = new CounterSelector() });
            }

            var gauges = query.All("gauge.name");
            selectors.AddRange(gauges.Select(names => Gauge(source, names)));
            if (gauges.Count == 0 && query.Has("gauge"))
            {
                selectors.Add(new Selector { SourceId = source, Gauge = new GaugeSelector() });
            }

            if (query.Has("timer"))
            {
                selectors.Add(new Selector { SourceId = source, Timer = new TimerSelector() });
            }

            if (query.Has("event"))
            {
                selectors.Add(new Selector { SourceId = source, Event = new EventSelector() });
            }
        }

        return selectors;
    }

    private static Selector Gauge(string source, string names)
    {
        var gauge = new GaugeSelector();
        gauge.Names.AddRange(names.Split(','));
        return new Selector { SourceId = source, Gauge = gauge };
    }
}
