namespace Loggregator.TrafficController;

/// <summary>
/// The role's numbers since its start; written with <see cref="Interlocked"/>, read by anyone. At rest, over all streams:
/// matched = written + dropped (all reasons) + filtered + duplicates + trimmed + held.
/// </summary>
public sealed class TrafficControllerCounters
{
    /// <summary>Envelopes taken over for a stream, as often as they match; what an original Doppler sent and was invalid is not among them.</summary>
    public long Matched;

    /// <summary>Envelopes written to clients.</summary>
    public long Written;

    /// <summary>Envelopes in streams' mailboxes now.</summary>
    public long Held;

    /// <summary>Dropped: larger than the reader takes.</summary>
    public long DroppedTooLarge;

    /// <summary>Dropped: the client did not read, so that the ring in front of an original Doppler was full, or it was disconnected.</summary>
    public long DroppedSlowConsumer;

    /// <summary>Dropped: the client left before it was written.</summary>
    public long DroppedPeerGone;

    /// <summary>Dropped: the role stopped before it was written.</summary>
    public long DroppedShutdown;

    /// <summary>Not shown: the client asked for another instance, or the gap record has no form that it asked for.</summary>
    public long Filtered;

    /// <summary>Copies that a second Doppler brought: in history of identical bytes, live of the same stamp.</summary>
    public long Duplicates;

    /// <summary>History beyond the last lines that were asked for.</summary>
    public long Trimmed;

    /// <summary>Invalid envelopes from original Dopplers, dropped before anything else.</summary>
    public long Invalid;

    /// <summary>Envelopes that streams were told they missed, lost here or before.</summary>
    public long ToldLost;

    /// <summary>Bytes of messages and events written to clients.</summary>
    public long WrittenBytes;

    /// <summary>Reads of recent logs and metrics, by source and time.</summary>
    public long Reads;

    /// <summary>Of these, those that lack what a Doppler did not answer, or had lost.</summary>
    public long PartialReads;

    /// <summary>PromQL queries evaluated, and selections for series, labels and federation.</summary>
    public long Queries;

    /// <summary>Of these, those that ended with an error that was not their caller's, or were canceled.</summary>
    public long FailedQueries;

    /// <summary>Of these, those that lack what a Doppler did not answer, or had lost.</summary>
    public long PartialQueries;

    /// <summary>Queries refused because too many were there.</summary>
    public long RefusedQueries;

    /// <summary>Samples that queries read from Dopplers.</summary>
    public long QuerySamples;

    /// <summary>Time that queries took, waiting for their turn included, in microseconds.</summary>
    public long QueryMicroseconds;

    /// <summary>Queries running or waiting now.</summary>
    public long QueriesOpen;

    /// <summary>gRPC streams open now.</summary>
    public long GrpcStreams;

    /// <summary>Subscriptions of Attach streams open now.</summary>
    public long AttachSubscriptions;

    /// <summary>SSE streams open now.</summary>
    public long SseStreams;

    /// <summary>gRPC streams, and subscriptions of Attach streams, refused because of their limit.</summary>
    public long RejectedStreams;

    /// <summary>WebSockets open now.</summary>
    public long WebSocketStreams;

    /// <summary>Of these, firehoses.</summary>
    public long Firehoses;

    /// <summary>Of these, streams of one application.</summary>
    public long AppStreams;

    /// <summary>Of what was matched, what was for WebSockets.</summary>
    public long WebSocketMatched;

    /// <summary>Messages written to firehoses over WebSocket.</summary>
    public long FirehoseMessages;

    /// <summary>Messages written to streams of one application over WebSocket.</summary>
    public long AppMessages;

    /// <summary>WebSockets refused because of the limit.</summary>
    public long RejectedWebSockets;

    /// <summary>WebSocket clients disconnected as slow consumers.</summary>
    public long SlowConsumers;

    /// <summary>WebSocket clients disconnected because they did not answer pings.</summary>
    public long DeadClients;

    /// <summary>Clients cut off because they did not read, and not counted as slow consumers.</summary>
    public long StalledStreams;

    /// <summary>Dopplers attached now.</summary>
    public long DopplersAttached;

    /// <summary>Links to Dopplers made.</summary>
    public long DopplerConnects;

    /// <summary>Links to Dopplers lost.</summary>
    public long DopplerDisconnects;

    /// <summary>Subscriptions open at Dopplers now.</summary>
    public long Subscriptions;

    /// <summary>Times that a slow client left a shared subscription for one of its own.</summary>
    public long SlowClients;

    /// <summary>Envelopes dropped for whatever reason.</summary>
    public long Dropped => DroppedTooLarge + DroppedSlowConsumer + DroppedPeerGone + DroppedShutdown;
}
