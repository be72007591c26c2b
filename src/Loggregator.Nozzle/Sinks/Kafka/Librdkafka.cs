using System.Reflection;
using System.Runtime.InteropServices;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>The functions of librdkafka that producing takes, from the library that Confluent.Kafka brings and loads. Names and numbers as in rdkafka.h.</summary>
internal static unsafe partial class Librdkafka
{
    /// <summary>Kinds of rd_kafka_vtype_t; the topic is a handle.</summary>
    public const int VTopic = 2, VPartition = 3, VValue = 4, VKey = 5, VOpaque = 6, VFlags = 7, VHeader = 9;

    /// <summary>RD_KAFKA_MSG_F_COPY, RD_KAFKA_PURGE_F_QUEUE and INFLIGHT, RD_KAFKA_PRODUCER, RD_KAFKA_CONF_OK.</summary>
    public const int CopyFlag = 2, PurgeAll = 3, Producer = 0, ConfOk = 0;

    /// <summary>RD_KAFKA_PARTITION_UA: by the client's partitioner.</summary>
    public const int AnyPartition = -1;

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
    public static partial void rd_kafka_conf_set_opaque(nint configuration, nint opaque);

    [LibraryImport(Name)]
    public static partial void rd_kafka_conf_set_dr_msg_cb(nint configuration, delegate* unmanaged[Cdecl]<nint, Message*, nint, void> callback);

    [LibraryImport(Name)]
    public static partial void rd_kafka_conf_set_error_cb(nint configuration, delegate* unmanaged[Cdecl]<nint, int, byte*, nint, void> callback);

    [LibraryImport(Name)]
    public static partial void rd_kafka_conf_set_log_cb(nint configuration, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, void> callback);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_new(int type, nint configuration, byte* error, nint size);

    [LibraryImport(Name)]
    public static partial void rd_kafka_destroy(nint client);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_opaque(nint client);

    [LibraryImport(Name)]
    public static partial int rd_kafka_purge(nint client, int flags);

    [LibraryImport(Name)]
    public static partial int rd_kafka_poll(nint client, int milliseconds);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_queue_get_main(nint client);

    [LibraryImport(Name)]
    public static partial void rd_kafka_queue_yield(nint queue);

    [LibraryImport(Name)]
    public static partial void rd_kafka_queue_destroy(nint queue);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rd_kafka_topic_new(nint client, string topic, nint configuration);

    [LibraryImport(Name)]
    public static partial void rd_kafka_topic_destroy(nint topic);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_produceva(nint client, Argument* arguments, nint count);

    [LibraryImport(Name)]
    public static partial int rd_kafka_error_code(nint error);

    [LibraryImport(Name)]
    public static partial void rd_kafka_error_destroy(nint error);

    [LibraryImport(Name)]
    public static partial nint rd_kafka_err2str(int error);

    [LibraryImport(Name)]
    public static partial int rd_kafka_metadata(nint client, int all, nint topic, out Metadata* metadata, int milliseconds);

    [LibraryImport(Name)]
    public static partial void rd_kafka_metadata_destroy(Metadata* metadata);

    /// <summary>What an error code means, without full stop.</summary>
    public static string Text(int error) => Text((byte*)rd_kafka_err2str(error));

    /// <summary>A string of the library, without full stop.</summary>
    public static string Text(byte* text) => (Marshal.PtrToStringUTF8((nint)text) ?? "unknown error").TrimEnd('.', ' ', '\n');

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
