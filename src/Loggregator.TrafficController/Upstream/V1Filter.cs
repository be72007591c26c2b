using Google.Protobuf;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.TrafficController.Upstream;

/// <summary>A subscription of version 1; its field numbers are those of <c>plumbing.SubscriptionRequest</c> and <c>plumbing.Filter</c>.</summary>
/// <param name="AppId">Only what is of this application; empty: everything.</param>
/// <param name="Kind">Of that, what.</param>
internal sealed record V1Filter(string AppId, V1Kind Kind)
{
    /// <summary>What of version 2 can become what is wanted. All metrics of version 1 without an application, errors among them, are of the application <c>system</c>.</summary>
    public IReadOnlyList<Selector> Selectors
    {
        get
        {
            var source = AppId == "system" ? "" : AppId;
            List<Selector> selectors = [new() { SourceId = source, Log = new LogSelector() }]; // of metrics: errors
            if (Kind != V1Kind.Logs)
            {
                selectors.Add(new Selector { SourceId = source, Gauge = new GaugeSelector() });
                selectors.Add(new Selector { SourceId = source, Timer = new TimerSelector() });
            }

            if (Kind != V1Kind.Logs && source.Length == 0)
            {
                selectors.Add(new Selector { Counter = new CounterSelector() });
            }

            return selectors;
        }
    }

    /// <summary>The request of <c>plumbing.Doppler/BatchSubscribe</c>. A filter that filters nothing is left out, as the original does it.</summary>
    public MessageBuffer Ask(string shardId)
    {
        const uint ShardField = 1, FilterField = 2, AppField = 1, LogField = 2, MetricField = 3;
        using var content = new MemoryStream();
        using (var filter = new CodedOutputStream(content, leaveOpen: true))
        {
            if (AppId.Length > 0)
            {
                filter.WriteTag((AppField << 3) | (uint)WireFormat.WireType.LengthDelimited);
                filter.WriteString(AppId);
            }

            if (Kind != V1Kind.Any)
            {
                filter.WriteTag(((Kind == V1Kind.Logs ? LogField : MetricField) << 3) | (uint)WireFormat.WireType.LengthDelimited);
                filter.WriteLength(0);
            }
        }

        using var request = new MemoryStream();
        using (var output = new CodedOutputStream(request, leaveOpen: true))
        {
            output.WriteTag((ShardField << 3) | (uint)WireFormat.WireType.LengthDelimited);
            output.WriteString(shardId);
            if (content.Length > 0)
            {
                output.WriteTag((FilterField << 3) | (uint)WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(content.ToArray()));
            }
        }

        var message = MessageBuffer.Rent((int)request.Length);
        message.Write(request.ToArray());
        return message;
    }
}
