using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using static Loggregator.Nozzle.Sinks.Kafka.Librdkafka;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// A producing client of librdkafka, called directly: a message goes from the rendered bytes into its bounded queue without an object. One thread calls
/// it, but for <see cref="Wake"/> and <see cref="Trouble"/>; reports come to that thread, in <see cref="Poll"/>.
/// </summary>
internal sealed unsafe class KafkaClient : IDisposable
{
    private const int MetadataMilliseconds = 5_000, ErrorBytes = 512;
    private readonly Action<long, ErrorCode> _report;
    private readonly ILogger _logger;
    private readonly Dictionary<string, nint> _topics = new(StringComparer.Ordinal);
    private readonly nint _client;
    private readonly nint _queue;
    private GCHandle _self;
    private volatile string? _trouble;
    private bool _purged;
    private bool _disposed;

    /// <summary>Makes a client, which connects by itself.</summary>
    /// <param name="settings">By librdkafka's names.</param>
    /// <param name="report">Gets the tag of each message that was taken, once, with what became of it.</param>
    /// <param name="logger">Gets the client's own lines.</param>
    /// <exception cref="SinkException">A setting is not known or wrong.</exception>
    public KafkaClient(IReadOnlyDictionary<string, string> settings, Action<long, ErrorCode> report, ILogger logger)
    {
        (_report, _logger) = (report, logger);
        var error = stackalloc byte[ErrorBytes];
        var configuration = rd_kafka_conf_new();
        foreach (var (name, value) in settings)
        {
            if (rd_kafka_conf_set(configuration, name, value, error, ErrorBytes) != ConfOk)
            {
                rd_kafka_conf_destroy(configuration);
                throw Refused(error);
            }
        }

        _self = GCHandle.Alloc(this);
        rd_kafka_conf_set_opaque(configuration, GCHandle.ToIntPtr(_self));
        rd_kafka_conf_set_dr_msg_cb(configuration, &OnReport);
        rd_kafka_conf_set_error_cb(configuration, &OnError);
        rd_kafka_conf_set_log_cb(configuration, &OnLog);
        _client = rd_kafka_new(Producer, configuration, error, ErrorBytes);
        if (_client == 0)
        {
            rd_kafka_conf_destroy(configuration);
            _self.Free();
            throw Refused(error);
        }

        _queue = rd_kafka_queue_get_main(_client);
    }

    /// <summary>The client says that it cannot go on: it must be made anew.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Why nothing gets through at the moment, though the client goes on trying; null when something did.</summary>
    public string? Trouble => _trouble;

    /// <summary>Puts a message into the client's queue, which copies it.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="partition">Its partition, or <see cref="AnyPartition"/>.</param>
    /// <param name="message">What to copy.</param>
    /// <param name="headers">Whether its headers go along.</param>
    /// <param name="tag">Comes back with the report.</param>
    /// <returns>Why it was not taken: <see cref="ErrorCode.Local_QueueFull"/> until there were reports.</returns>
    public ErrorCode Produce(KafkaTopic topic, int partition, in KafkaMessage message, bool headers, long tag)
    {
        ObjectDisposedException.ThrowIf(_disposed, this); // for what follows is memory that is not ours
        fixed (byte* key = message.Source, value = message.Value, instance = message.Instance, type = message.Type, cursor = message.Cursor)
        {
            var arguments = stackalloc Argument[10];
            arguments[0] = new Argument { Kind = VTopic, First = Topic(topic.Name) };
            arguments[1] = new Argument { Kind = VPartition, First = partition };
            arguments[2] = new Argument { Kind = VValue, First = (nint)value, Second = message.Value.Length };
            arguments[3] = new Argument { Kind = VKey, First = (nint)key, Second = message.Source.Length };
            arguments[4] = new Argument { Kind = VOpaque, First = (nint)tag };
            arguments[5] = new Argument { Kind = VFlags, First = CopyFlag };
            arguments[6] = Header("source\0"u8, key, message.Source.Length);
            arguments[7] = Header("instance\0"u8, instance, message.Instance.Length);
            arguments[8] = Header("type\0"u8, type, message.Type.Length);
            arguments[9] = Header("cursor\0"u8, cursor, message.Cursor.Length);
            var error = rd_kafka_produceva(_client, arguments, headers ? 10 : 6);
            if (error == 0)
            {
                return ErrorCode.NoError;
            }

            var code = (ErrorCode)rd_kafka_error_code(error);
            IsBroken |= code == ErrorCode.Local_Fatal;
            rd_kafka_error_destroy(error);
            return code;
        }
    }

    /// <summary>Hands out the reports that there are, after waiting for any, or for <see cref="Wake"/>.</summary>
    public void Poll(int milliseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _ = rd_kafka_poll(_client, milliseconds);
        if (IsBroken && !_purged)
        {
            _purged = true;
            _ = rd_kafka_purge(_client, PurgeAll); // what it holds is reported as failed
        }
    }

    /// <summary>Ends <see cref="Poll"/>, also the next one. Any thread may.</summary>
    public void Wake()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        rd_kafka_queue_yield(_queue);
    }

    /// <summary>Asks how many partitions a topic has, and notes it; the result says why that is not known, or null. Blocks for up to 5 s.</summary>
    public string? Ask(KafkaTopic topic)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var error = rd_kafka_metadata(_client, 0, Topic(topic.Name), out var metadata, MetadataMilliseconds);
        if (error != 0)
        {
            Poll(0); // it may have said why meanwhile
            return $"the brokers do not tell of topic '{topic.Name}' ({Trouble ?? Text(error)})";
        }

        var found = metadata->TopicCount == 1 ? metadata->Topics[0] : default;
        rd_kafka_metadata_destroy(metadata);
        topic.Partitions = found.Error == 0 ? found.PartitionCount : 0;
        return topic.Partitions > 0
            ? null
            : $"topic '{topic.Name}' cannot be written ({(found.Error == 0 ? "the brokers do not know it" : Text(found.Error))}): create it, or correct its name";
    }

    /// <summary>Throws away what is queued and joins the client's threads. There are no more reports.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (var topic in _topics.Values)
        {
            rd_kafka_topic_destroy(topic);
        }

        rd_kafka_queue_destroy(_queue);
        rd_kafka_destroy(_client);
        _self.Free();
    }

    // The names are constants of the program, which never move.
    private static Argument Header(ReadOnlySpan<byte> name, byte* value, int length)
    {
        var start = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name));
        return new Argument { Kind = VHeader, First = start, Second = value == null ? start : (nint)value, Third = length }; // empty, not absent
    }

    private static SinkException Refused(byte* error) => new($"the Kafka client does not take its settings ({Text(error)})");

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnReport(nint client, Message* message, nint opaque)
    {
        var self = Of(opaque);
        if (message->Error == 0)
        {
            self._trouble = null;
        }

        self.IsBroken |= message->Error == (int)ErrorCode.Local_Fatal;
        self._report(message->Opaque, (ErrorCode)message->Error);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(nint client, int error, byte* reason, nint opaque)
    {
        var self = Of(opaque);
        self.IsBroken |= error == (int)ErrorCode.Local_Fatal;
        if (error != (int)ErrorCode.Local_AllBrokersDown || self._trouble is null) // which would hide why
        {
            self._trouble = Text(reason);
        }
    }

    // On any of the client's threads, also while it is being made.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint client, int level, byte* facility, byte* line)
    {
        if (client != 0)
        {
            Log.Librdkafka(Of(rd_kafka_opaque(client))._logger, Text(facility), Text(line));
        }
    }

    private static KafkaClient Of(nint opaque) => Unsafe.As<KafkaClient>(GCHandle.FromIntPtr(opaque).Target!);

    private nint Topic(string name)
    {
        if (!_topics.TryGetValue(name, out var topic))
        {
            topic = rd_kafka_topic_new(_client, name, 0);
            _topics.Add(name, topic);
        }

        return topic;
    }
}
