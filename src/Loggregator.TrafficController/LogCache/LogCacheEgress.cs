using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.LogCache;

namespace Loggregator.TrafficController.LogCache;

/// <summary><c>logcache.v1.Egress</c>: recent logs and metrics over gRPC. Envelopes pass through as bytes.</summary>
internal sealed class LogCacheEgress(TimeReads reads, MetaReads metas, TimeProvider time)
{
    private async Task<MessageBuffer> ReadAsync(MessageBuffer message, ServerCallContext context)
    {
        var request = Parse(ReadRequest.Parser, message);
        var now = time.GetUnixNanoseconds();
        if (TimeQuery.TryRead(request, now, out var order) is { } wrong)
        {
            throw wrong.ToRpcException();
        }

        var (answer, fault) = await reads.AskAsync(order, context.CancellationToken);
        if (answer is null)
        {
            throw fault!.ToRpcException();
        }

        var http = context.GetHttpContext();
        http.Response.RegisterForDispose(answer);
        Partial.Tell(context, answer.Answered, answer.Known);
        var length = answer.Records.Sum(record => Records.HeaderLength(record.Length) + record.Length);
        var response = MessageBuffer.Rent(length + Records.MaxHeaderLength);
        http.Response.RegisterForDispose(response);
        Records.WriteHeader(response, length); // the batch is field 1, as the records in it are
        foreach (var record in answer.Records)
        {
            Records.Append(response, record.Envelope);
        }

        return response;
    }

    private async Task<MessageBuffer> MetaAsync(MessageBuffer message, ServerCallContext context)
    {
        Parse(MetaRequest.Parser, message);
        var (meta, answered, known) = await metas.AskAsync(context.CancellationToken);
        if (meta is null)
        {
            throw ReadFault.NoMeta.ToRpcException();
        }

        Partial.Tell(context, answered, known);
        var response = MessageBuffer.Rent(meta.CalculateSize());
        context.GetHttpContext().Response.RegisterForDispose(response);
        meta.WriteTo(response);
        return response;
    }

    private static T Parse<T>(MessageParser<T> parser, MessageBuffer message)
        where T : IMessage<T>
    {
        using (message)
        {
            try
            {
                return parser.ParseFrom(message.Span);
            }
            catch (InvalidProtocolBufferException)
            {
                throw new RpcException(new Status(StatusCode.InvalidArgument, $"The {typeof(T).Name} is malformed."));
            }
        }
    }

    /// <summary>Binds the calls to bytes.</summary>
    internal sealed class Methods : IServiceMethodProvider<LogCacheEgress>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<LogCacheEgress> context)
        {
            context.AddUnaryMethod(RawMethods.LogCacheRead, [], (service, request, call) => service.ReadAsync(request, call));
            context.AddUnaryMethod(RawMethods.LogCacheMeta, [], (service, request, call) => service.MetaAsync(request, call));
        }
    }
}
