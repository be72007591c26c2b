using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using V1 = Loggregator.Protocol.Dropsonde;

namespace Loggregator.TrafficController.Query;

/// <summary>
/// <c>/apps/{id}/recentlogs</c> and <c>/apps/{id}/containermetrics</c>, which the original has given up and old clients still call, from what
/// the Dopplers' logs hold.
/// </summary>
internal sealed class RecentEndpoints(RecentQuery recent, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private const int UsualLimit = 1000;
    private const int MaxMessageBytes = RawMethods.MaxMessageBytes;

    /// <summary>The newest lines first, at most <c>limit</c>.</summary>
    public async Task LogsAsync(HttpContext context, string appId)
    {
        var response = context.Response;
        response.Headers.AccessControlAllowOrigin = context.Request.Headers.Origin.ToString();
        response.Headers.AccessControlAllowCredentials = "true";
        if (!recent.Possible)
        {
            await Multipart.WriteAsync(response, [NoLog()]);
            return;
        }

        var limit = int.TryParse(context.Request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : UsualLimit;
        var logs = await recent.AskAsync(
            new Selector { SourceId = appId, Log = new LogSelector() }, Math.Min(limit, options.Value.MaxHistoryLines), context.RequestAborted);
        if (logs is null)
        {
            response.StatusCode = StatusCodes.Status500InternalServerError;
            await response.WriteAsync("no Doppler has answered", context.RequestAborted);
            return;
        }

        await Multipart.WriteAsync(response, [.. logs.SelectMany(ToV1).Where(envelope => Is(envelope, DropsondeType.LogMessage))]);
    }

    /// <summary>The newest container metric of each instance, in no order.</summary>
    public async Task ContainerMetricsAsync(HttpContext context, string appId)
    {
        var gauges = await recent.AskAsync(
            new Selector { SourceId = appId, Gauge = new GaugeSelector() }, options.Value.MaxHistoryLines, context.RequestAborted);
        if (gauges is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        var newest = gauges.SelectMany(ToV1)
            .Where(envelope => Is(envelope, DropsondeType.ContainerMetric))
            .DistinctBy(envelope => V1.Envelope.Parser.ParseFrom(envelope).ContainerMetric.InstanceIndex);
        await Multipart.WriteAsync(context.Response, [.. newest]);
    }

    private static List<byte[]> ToV1(Envelope envelope)
    {
        var bytes = envelope.ToByteArray();
        List<byte[]> converted = [];
        using var records = MessageBuffer.Rent(1024);
        if (RawEnvelope.TryReadHeader(bytes, out var header) && V2ToV1.Write(records, bytes, header, MaxMessageBytes, out _) > 0)
        {
            var reader = new RecordReader(records.Span);
            while (reader.MoveNext())
            {
                converted.Add(reader.Current.ToArray());
            }
        }

        return converted;
    }

    private static bool Is(byte[] envelope, DropsondeType type) =>
        DropsondeEnvelope.TryRead(envelope, out var header) == ConversionFault.None && header.Type == type;

    private byte[] NoLog()
    {
        var now = time.GetUnixNanoseconds();
        return new V1.Envelope
        {
            Origin = "loggregator.trafficcontroller",
            EventType = V1.Envelope.Types.EventType.LogMessage,
            Timestamp = now,
            LogMessage = new V1.LogMessage
            {
                Message = ByteString.CopyFromUtf8("Recent logs are not kept here: no Doppler of this Traffic Controller has a log."),
                MessageType = V1.LogMessage.Types.MessageType.Err,
                Timestamp = now,
                SourceType = "Loggregator",
            },
        }.ToByteArray();
    }
}
