using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using V2 = Loggregator.Protocol.V2;

namespace Loggregator.Client.Consume;

/// <summary>Decodes the envelopes of a serialised batch.</summary>
internal static class ProtobufEnvelopes
{
    /// <summary>The envelopes; in place of each that is none a notice that says so.</summary>
    public static List<StreamItem> Read(ReadOnlyMemory<byte> batch)
    {
        var items = new List<StreamItem>();
        var records = new RecordReader(batch.Span);
        while (records.MoveNext())
        {
            try
            {
                items.Add(Envelope(V2.Envelope.Parser.ParseFrom(records.Current)));
            }
            catch (InvalidProtocolBufferException e)
            {
                items.Add(Undecodable(e.Message));
            }
        }

        if (records.Malformed)
        {
            items.Add(Undecodable("a batch is no protobuf message"));
        }

        return items;
    }

    private static StreamNotice Undecodable(string reason) => new() { Kind = "undecodable", Message = "something came that cannot be read: " + reason };

    private static Envelope Envelope(V2.Envelope from)
    {
        var (timestamp, source, instance, tags) = (from.Timestamp, from.SourceId, from.InstanceId, Tags(from));
        return from.MessageCase switch
        {
            V2.Envelope.MessageOneofCase.Log => new LogEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Payload = from.Log.Payload.Memory,
                IsError = from.Log.Type == V2.Log.Types.Type.Err,
            },
            V2.Envelope.MessageOneofCase.Counter => new CounterEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Name = from.Counter.Name,
                Delta = from.Counter.Delta,
                Total = from.Counter.Total,
            },
            V2.Envelope.MessageOneofCase.Gauge => new GaugeEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Readings = [.. from.Gauge.Metrics.Select(metric => new GaugeReading(metric.Key, metric.Value.Value, metric.Value.Unit))],
            },
            V2.Envelope.MessageOneofCase.Timer => new TimerEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Name = from.Timer.Name,
                StartNanoseconds = from.Timer.Start,
                StopNanoseconds = from.Timer.Stop,
            },
            V2.Envelope.MessageOneofCase.Event => new EventEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Title = from.Event.Title,
                Body = from.Event.Body,
            },
            _ => new UnknownEnvelope { UnixNanoseconds = timestamp, SourceId = source, InstanceId = instance, Tags = tags },
        };
    }

    private static Dictionary<string, string> Tags(V2.Envelope from)
    {
        var tags = new Dictionary<string, string>();
        foreach (var (name, value) in from.DeprecatedTags)
        {
            tags[name] = value.DataCase switch
            {
                V2.Value.DataOneofCase.Integer => value.Integer.ToString(CultureInfo.InvariantCulture),
                V2.Value.DataOneofCase.Decimal => value.Decimal.ToString(CultureInfo.InvariantCulture),
                _ => value.Text,
            };
        }

        foreach (var (name, value) in from.Tags)
        {
            tags[name] = value;
        }

        return tags;
    }
}
