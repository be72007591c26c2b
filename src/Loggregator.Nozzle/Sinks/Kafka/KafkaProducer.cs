using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using static Loggregator.Nozzle.Sinks.Kafka.Librdkafka;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// A producing client of librdkafka, called directly: a message goes from the rendered bytes into its queue without an object, and its reports
/// come in bulk. One caller produces; reports come on a thread of its own.
/// </summary>
internal sealed unsafe class KafkaProducer : IDisposable
{
    private const int RecordBits = 24; // of a message's tag; the rest numbers the attempt
    private const int PollMilliseconds = 100;
    private readonly nint _client;
    private readonly nint _queue;
    private readonly Thread _poller;
    private readonly Action<string> _trouble;
    private readonly ConcurrentDictionary<long, KafkaBatch> _attempts = new();
    private readonly Dictionary<string, nint> _topics = new(StringComparer.Ordinal);
    private long _attempt;
    private volatile bool _stop;
    private volatile bool _fatal;

    /// <summary>Makes a client, which connects by itself.</summary>
    /// <param name="settings">By librdkafka's names.</param>
    /// <param name="trouble">Is told what the client says of itself, for example that all brokers are down.</param>
    /// <exception cref="SinkException">A setting is not known or wrong.</exception>
    public KafkaProducer(IReadOnlyDictionary<string, string> settings, Action<string> trouble)
    {
        _trouble = trouble;
        var error = stackalloc byte[512];
        var configuration = rd_kafka_conf_new();
        foreach (var (name, value) in settings)
        {
            if (rd_kafka_conf_set(configuration, name, value, error, 512) != ConfOk)
            {
                rd_kafka_conf_destroy(configuration);
                throw Refused(error);
            }
        }

        rd_kafka_conf_set_events(configuration, EventDelivery | EventError);
        rd_kafka_conf_set_log_cb(configuration, 0);
        _client = rd_kafka_new(Producer, configuration, error, 512);
        if (_client == 0)
        {
            rd_kafka_conf_destroy(configuration);
            throw Refused(error);
        }

        _queue = rd_kafka_queue_get_main(_client);
        _poller = new Thread(Poll) { IsBackground = true, Name = "Kafka reports" };
        _poller.Start();
    }

    /// <summary>The client says that it cannot go on: it must be made anew.</summary>
    public bool IsBroken => _fatal;

    /// <summary>Begins an attempt, whose answers go to this batch; the result is for <see cref="Produce"/> and <see cref="End"/>.</summary>
    public long Begin(KafkaBatch batch)
    {
        _attempts[++_attempt] = batch;
        return _attempt;
    }

    /// <summary>Ends an attempt: later answers are nobody's.</summary>
    public void End(long attempt) => _attempts.TryRemove(attempt, out _);

    /// <summary>Puts a message into the client's queue, which copies it.</summary>
    /// <returns>0, or why it was not taken.</returns>
    public ErrorCode Produce(long attempt, int record, string topic, int partition, in KafkaMessage message)
    {
        fixed (byte* key = message.Source, value = message.Value, instance = message.Instance, type = message.Type, cursor = message.Cursor)
        {
            var arguments = stackalloc Argument[10];
            arguments[0] = new Argument { Kind = VTopic, First = Topic(topic) };
            arguments[1] = new Argument { Kind = VPartition, First = partition };
            arguments[2] = new Argument { Kind = VValue, First = (nint)value, Second = message.Value.Length };
            arguments[3] = new Argument { Kind = VKey, First = (nint)key, Second = message.Source.Length };
            arguments[4] = new Argument { Kind = VOpaque, First = (nint)((attempt << RecordBits) | (uint)record) };
            arguments[5] = new Argument { Kind = VFlags, First = CopyFlag };
            arguments[6] = Header("source\0"u8, key, message.Source.Length);
            arguments[7] = Header("instance\0"u8, instance, message.Instance.Length);
            arguments[8] = Header("type\0"u8, type, message.Type.Length);
            arguments[9] = Header("cursor\0"u8, cursor, message.Cursor.Length);
            var error = rd_kafka_produceva(_client, arguments, message.HasHeaders ? 10 : 6);
            if (error == 0)
            {
                return ErrorCode.NoError;
            }

            var code = (ErrorCode)rd_kafka_error_code(error);
            _fatal |= rd_kafka_error_is_fatal(error) != 0;
            rd_kafka_error_destroy(error);
            return code;
        }
    }

    /// <summary>How many partitions a topic has. Blocks for up to 5 s.</summary>
    /// <returns>The number, or 0 and why it is not known.</returns>
    public int Partitions(string topic, out string problem)
    {
        var error = rd_kafka_metadata(_client, 0, Topic(topic), out var metadata, 5_000);
        if (error != 0)
        {
            problem = $"the brokers do not tell of topic '{topic}' ({Text(error)})";
            return 0;
        }

        var found = metadata->TopicCount == 1 ? metadata->Topics[0] : default;
        rd_kafka_metadata_destroy(metadata);
        problem = $"topic '{topic}' cannot be written ({Text(found.Error)}): create it, or correct its name";
        return found.Error == 0 ? found.PartitionCount : 0;
    }

    /// <summary>Throws away what is queued and joins the client's threads.</summary>
    public void Dispose()
    {
        _ = rd_kafka_purge(_client, PurgeAll);
        _stop = true;
        _poller.Join();
        foreach (var batch in _attempts.Values)
        {
            batch.Abandon("the client has ended");
        }

        foreach (var topic in _topics.Values)
        {
            rd_kafka_topic_destroy(topic);
        }

        rd_kafka_queue_destroy(_queue);
        rd_kafka_destroy(_client);
    }

    // The names are constants of the program, which never move.
    private static Argument Header(ReadOnlySpan<byte> name, byte* value, int length) =>
        new()
        {
            Kind = VHeader,
            First = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name)),
            Second = value == null ? (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name)) : (nint)value, // empty, not absent
            Third = length,
        };

    private static SinkException Refused(byte* error) =>
        new($"the Kafka client does not take its settings ({Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(error)).TrimEnd('.')})");

    private nint Topic(string name)
    {
        if (!_topics.TryGetValue(name, out var topic))
        {
            topic = rd_kafka_topic_new(_client, name, 0);
            _topics.Add(name, topic);
        }

        return topic;
    }

    private void Poll()
    {
        while (true)
        {
            var happening = rd_kafka_queue_poll(_queue, PollMilliseconds);
            if (happening == 0)
            {
                if (_stop)
                {
                    return; // all reports have been read
                }

                continue;
            }

            if (rd_kafka_event_type(happening) == EventDelivery)
            {
                Report(happening);
            }
            else
            {
                _fatal |= rd_kafka_event_error_is_fatal(happening) != 0;
                _trouble((Marshal.PtrToStringUTF8(rd_kafka_event_error_string(happening)) ?? "it says nothing").TrimEnd('.'));
            }

            rd_kafka_event_destroy(happening);
        }
    }

    private void Report(nint happening)
    {
        KafkaBatch? batch = null;
        var last = 0L;
        for (var message = rd_kafka_event_message_next(happening); message != null; message = rd_kafka_event_message_next(happening))
        {
            var attempt = message->Opaque >> RecordBits;
            if (attempt != last)
            {
                batch = _attempts.GetValueOrDefault(attempt);
                last = attempt;
            }

            _fatal |= message->Error == (int)ErrorCode.Local_Fatal;
            batch?.Answer((int)(message->Opaque & ((1 << RecordBits) - 1)), (ErrorCode)message->Error);
        }
    }
}
