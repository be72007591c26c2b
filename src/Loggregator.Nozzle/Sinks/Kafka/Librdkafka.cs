using System.Reflection;
using System.Runtime.InteropServices;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>The functions of librdkafka that producing takes, from the library that Confluent.Kafka brings and loads.</summary>
internal static unsafe partial class Librdkafka
{
    /// <summary>Kinds of rd_kafka_vtype_t.</summary>
    public const int VTopic = 2, VPartition = 3, VValue = 4, VKey = 5, VOpaque = 6, VFlags = 7, VHeader = 9;

    /// <summary>RD_KAFKA_MSG_F_COPY.</summary>
    public const int CopyFlag = 2;

    /// <summary>Kinds of events.</summary>
    public const int EventDelivery = 1, EventError = 8;

    /// <summary>RD_KAFKA_PRODUCER, and RD_KAFKA_CONF_OK.</summary>
    public const int Producer = 0, ConfOk = 0;

    /// <summary>RD_KAFKA_PURGE_F_QUEUE and INFLIGHT.</summary>
    public const int PurgeAll = 3;

    private const string Name = "librdkafka";

    // As Confluent.Kafka goes through them: the first needs a libsasl2 that not every system has.
    private static readonly string[] Files = [Name, "centos8-librdkafka", "alpine-librdkafka"];

    static Librdkafka()
    {
        Confluent.Kafka.Library.Load(); // says what is missing, if it is
        NativeLibrary.SetDllImportResolver(typeof(Librdkafka).Assembly, Resolve);
    }

    [LibraryImport(Name)]
    public static partial nint rd_kafka_conf_new();

    [LibraryImport(Name)]
    public static partial void rd_kafka_conf_destroy(nint configuration);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rd_kafka_conf_set(nint configuration, string name, string value, byte* error, nint size);

    [LibraryImport(Name)]
    public static partial void rd_kafka_conf_set_events(nint configuration, int events);

    [LibraryImport(Name)]
    public static partial void rd_kafka_conf_set_log_cb(nint configuration, nint callback);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_new(int type, nint configuration, byte* error, nint size);

    [LibraryImport(Name)]
    public static partial void rd_kafka_destroy(nint client);

    [LibraryImport(Name)]
    public static partial int rd_kafka_purge(nint client, int flags);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rd_kafka_topic_new(nint client, string topic, nint configuration);

    [LibraryImport(Name)]
    public static partial void rd_kafka_topic_destroy(nint topic);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_produceva(nint client, Argument* arguments, nint count);

    [LibraryImport(Name)]
    public static partial int rd_kafka_error_code(nint error);

    [LibraryImport(Name)]
    public static partial int rd_kafka_error_is_fatal(nint error);

    [LibraryImport(Name)]
    public static partial void rd_kafka_error_destroy(nint error);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_err2str(int error);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_queue_get_main(nint client);

    [LibraryImport(Name)]
    public static partial void rd_kafka_queue_destroy(nint queue);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_queue_poll(nint queue, int milliseconds);

    [LibraryImport(Name)]
    public static partial int rd_kafka_event_type(nint happening);

    [LibraryImport(Name)]
    public static partial Message* rd_kafka_event_message_next(nint happening);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_event_error_string(nint happening);

    [LibraryImport(Name)]
    public static partial int rd_kafka_event_error_is_fatal(nint happening);

    [LibraryImport(Name)]
    public static partial void rd_kafka_event_destroy(nint happening);

    [LibraryImport(Name)]
    public static partial int rd_kafka_metadata(nint client, int all, nint topic, out Metadata* metadata, int milliseconds);

    [LibraryImport(Name)]
    public static partial void rd_kafka_metadata_destroy(Metadata* metadata);

    /// <summary>What an error code means, without full stop.</summary>
    public static string Text(int error) => (Marshal.PtrToStringUTF8(rd_kafka_err2str(error)) ?? "unknown error").TrimEnd('.');

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? paths)
    {
        foreach (var file in name == Name ? Files : [])
        {
            if (NativeLibrary.TryLoad(file, assembly, paths, out var library))
            {
                return library;
            }
        }

        return 0;
    }

    /// <summary>rd_kafka_vu_t: a kind, and a union of 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    public struct Argument
    {
        [FieldOffset(0)]
        public int Kind;

        [FieldOffset(8)]
        public nint First;

        [FieldOffset(16)]
        public nint Second;

        [FieldOffset(24)]
        public nint Third;
    }

    /// <summary>rd_kafka_message_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public int Error;
        public nint Topic;
        public int Partition;
        public nint Payload;
        public nint Length;
        public nint Key;
        public nint KeyLength;
        public long Offset;
        public nint Opaque;
    }

    /// <summary>rd_kafka_metadata.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Metadata
    {
        public int BrokerCount;
        public nint Brokers;
        public int TopicCount;
        public TopicMetadata* Topics;
    }

    /// <summary>rd_kafka_metadata_topic.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TopicMetadata
    {
        public nint Name;
        public int PartitionCount;
        public nint Partitions;
        public int Error;
    }
}
