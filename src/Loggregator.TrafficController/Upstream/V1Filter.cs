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
    private static readonly Selector Logs = new() { Log = new LogSelector() }, Counters = new() { Counter = new CounterSelector() };

    public string AppId => appId;

    public DropsondeKind Kind => kind;

    /// <summary>Whether losses can be told as counters, which belong to the application <c>system</c>; else they are told as log lines.</summary>
    public bool TakesCounters { get; } = new DropsondeFilter(appId, kind).TakesCounter("dropped"u8);

    /// <summary>The forms in which a loss may be told, as selectors.</summary>
    public IReadOnlyList<Selector> GapForms => TakesCounters ? [Counters] : [Logs];

    /// <summary>The filter on the wire, to Dopplers of whatever kind.</summary>
    public Filter Wire => kind switch
    {
        DropsondeKind.Logs => new Filter { AppID = appId, Log = new LogFilter() },
        DropsondeKind.Metrics => new Filter { AppID = appId, Metric = new MetricFilter() },
        _ => new Filter { AppID = appId },
    };

    /// <summary>The request of <c>plumbing.Doppler/BatchSubscribe</c>. A filter that filters nothing is left out, as the original does it.</summary>
    public MessageBuffer Ask(string shardId)
    {
        var request = new SubscriptionRequest { ShardID = shardId, Filter = appId.Length > 0 || kind != DropsondeKind.Any ? Wire : null };
        var message = MessageBuffer.Rent(request.CalculateSize());
        request.WriteTo(message);
        return message;
    }
}
