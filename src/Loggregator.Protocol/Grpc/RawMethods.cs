using Grpc.Core;

namespace Loggregator.Protocol.Grpc;

/// <summary>
/// The gRPC methods of the hot path, bound to bytes instead of generated messages: what only passes through is never decoded.
/// A received <see cref="MessageBuffer"/> belongs to the handler, which disposes it; a sent one may be disposed when the write has completed.
/// </summary>
public static class RawMethods
{
    /// <summary>Messages above this are refused with ResourceExhausted (10 MiB, as in the original).</summary>
    public const int MaxMessageBytes = 10 * 1024 * 1024;

    /// <summary>Service names as they appear in the method paths.</summary>
    public const string Ingress = "loggregator.v2.Ingress", Egress = "loggregator.v2.Egress", Internal = "loggregator.internal.v1.Doppler";

    /// <summary>The original's services of v1.</summary>
    public const string Ingestor = "plumbing.DopplerIngestor", V1Egress = "plumbing.Doppler";

    /// <summary>Recent logs and metrics.</summary>
    public const string LogCache = "logcache.v1.Egress";

    /// <summary>Copies the payload into a pooled buffer and back.</summary>
    public static readonly Marshaller<MessageBuffer> Marshaller = new(Serialize, Deserialize);

    /// <summary><c>/loggregator.v2.Ingress/Sender</c>: stream of Envelope.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Sender = Define(MethodType.ClientStreaming, Ingress, "Sender");

    /// <summary><c>/loggregator.v2.Ingress/BatchSender</c>: stream of EnvelopeBatch.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> BatchSender = Define(MethodType.ClientStreaming, Ingress, "BatchSender");

    /// <summary><c>/loggregator.v2.Ingress/Send</c>: one EnvelopeBatch.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Send = Define(MethodType.Unary, Ingress, "Send");

    /// <summary><c>/loggregator.v2.Egress/Receiver</c>: stream of Envelope.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Receiver = Define(MethodType.ServerStreaming, Egress, "Receiver");

    /// <summary><c>/loggregator.v2.Egress/BatchedReceiver</c>: stream of EnvelopeBatch.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> BatchedReceiver = Define(MethodType.ServerStreaming, Egress, "BatchedReceiver");

    /// <summary><c>/loggregator.internal.v1.Doppler/Ingest</c>: IngestBatch and IngestAnswer.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Ingest = Define(MethodType.DuplexStreaming, Internal, "Ingest");

    /// <summary><c>/loggregator.internal.v1.Doppler/Attach</c>: AttachRequest and AttachFrame.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Attach = Define(MethodType.DuplexStreaming, Internal, "Attach");

    /// <summary><c>/loggregator.internal.v1.Doppler/Read</c>: ReadRequest and ReadFrame.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Read = Define(MethodType.ServerStreaming, Internal, "Read");

    /// <summary><c>/loggregator.internal.v1.Doppler/ReadSeries</c>: ReadSeriesRequest and SeriesFrame.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> ReadSeries = Define(MethodType.ServerStreaming, Internal, "ReadSeries");

    /// <summary><c>/loggregator.internal.v1.Doppler/AggregateSeries</c>: AggregateSeriesRequest and AggregateFrame.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> AggregateSeries = Define(MethodType.ServerStreaming, Internal, "AggregateSeries");

    /// <summary><c>/plumbing.DopplerIngestor/Pusher</c>: stream of EnvelopeData.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Pusher = Define(MethodType.ClientStreaming, Ingestor, "Pusher");

    /// <summary><c>/plumbing.Doppler/Subscribe</c>: stream of Response.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> Subscribe = Define(MethodType.ServerStreaming, V1Egress, "Subscribe");

    /// <summary><c>/plumbing.Doppler/BatchSubscribe</c>: stream of BatchResponse.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> BatchSubscribe = Define(MethodType.ServerStreaming, V1Egress, "BatchSubscribe");

    /// <summary><c>/logcache.v1.Egress/Read</c>: ReadRequest and ReadResponse.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> LogCacheRead = Define(MethodType.Unary, LogCache, "Read");

    /// <summary><c>/logcache.v1.Egress/Meta</c>: MetaRequest and MetaResponse.</summary>
    public static readonly Method<MessageBuffer, MessageBuffer> LogCacheMeta = Define(MethodType.Unary, LogCache, "Meta");

    private static Method<MessageBuffer, MessageBuffer> Define(MethodType type, string service, string name) =>
        new(type, service, name, Marshaller, Marshaller);

    private static void Serialize(MessageBuffer message, SerializationContext context)
    {
        context.SetPayloadLength(message.Length);
        var writer = context.GetBufferWriter();
        message.Span.CopyTo(writer.GetSpan(message.Length));
        writer.Advance(message.Length);
        context.Complete();
    }

    private static MessageBuffer Deserialize(DeserializationContext context) => MessageBuffer.Copy(context.PayloadAsReadOnlySequence());
}
