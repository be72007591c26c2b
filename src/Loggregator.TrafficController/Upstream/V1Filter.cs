using Google.Protobuf;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;

namespace Loggregator.TrafficController.Upstream;

/// <summary>A subscription of version 1; immutable.</summary>
/// <param name="appId">Only what is of this application; empty: everything.</param>
/// <param name="kind">Of that, what.</param>
internal sealed class V1Filter(string appId, DropsondeKind kind)
{
    private const string System = "system"; // the application of all that has none

    public string AppId => appId;

    public DropsondeKind Kind => kind;

    /// <summary>Judges envelopes.</summary>
    public DropsondeFilter Match { get; } = new(appId, kind);

    /// <summary>What of version 2 can become what is wanted; of the logs of the kind metrics only errors do.</summary>
    public IReadOnlyList<Selector> Selectors
    {
        get
        {
            var source = appId == System ? "" : appId;
            List<Selector> selectors = [new() { SourceId = source, Log = new LogSelector() }];
            if (kind != DropsondeKind.Logs)
            {
                selectors.Add(new Selector { SourceId = source, Gauge = new GaugeSelector() });
                selectors.Add(new Selector { SourceId = source, Timer = new TimerSelector() });
            }

            if (kind != DropsondeKind.Logs && source.Length == 0)
            {
                selectors.Add(new Selector { Counter = new CounterSelector() });
            }

            return selectors;
        }
    }

    /// <summary>The request of <c>plumbing.Doppler/BatchSubscribe</c>. A filter that filters nothing is left out, as the original does it.</summary>
    public MessageBuffer Ask(string shardId)
    {
        var request = new SubscriptionRequest { ShardID = shardId };
        if (appId.Length > 0 || kind != DropsondeKind.Any)
        {
            request.Filter = new Filter { AppID = appId };
            switch (kind)
            {
                case DropsondeKind.Logs:
                    request.Filter.Log = new LogFilter();
                    break;
                case DropsondeKind.Metrics:
                    request.Filter.Metric = new MetricFilter();
                    break;
                default:
                    break;
            }
        }

        var message = MessageBuffer.Rent(request.CalculateSize());
        request.WriteTo(message);
        return message;
    }
}
