using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Loggregator.TestKit.Sinks;

/// <summary>
/// librdkafka's mock cluster: brokers in this process that any client reaches over TCP, with faults to order. A partition keeps 5 MiB. Its
/// functions are exported by the library that Confluent.Kafka loads, but are not in its API.
/// </summary>
public sealed partial class KafkaMock : IDisposable
{
    private const int Producer = 0; // rd_kafka_type_t
    private const string Library = "librdkafka-mock"; // resolved to whichever file Confluent.Kafka has loaded
    private readonly nint _handle;
    private readonly nint _cluster;

    static KafkaMock()
    {
        Confluent.Kafka.Library.Load();
        var file = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1]).First(path => path.Contains("librdkafka", StringComparison.Ordinal));
        NativeLibrary.SetDllImportResolver(typeof(KafkaMock).Assembly, (name, _, _) => name == Library ? NativeLibrary.Load(file) : 0);
    }

    /// <summary>Starts a cluster.</summary>
    public KafkaMock(int brokers)
    {
        var error = new byte[512];
        var configuration = rd_kafka_conf_new();
        var result = new byte[512];
        _ = rd_kafka_conf_set(configuration, "bootstrap.servers", "127.0.0.1:1", result, result.Length); // nobody: this client only holds the cluster
        _ = rd_kafka_conf_set(configuration, "log_level", "0", result, result.Length);
        _handle = rd_kafka_new(Producer, configuration, error, error.Length);
        if (_handle == 0)
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(error).TrimEnd('\0'));
        }

        _cluster = rd_kafka_mock_cluster_new(_handle, brokers);
        Brokers = Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster))!;
    }

    /// <summary>The brokers' addresses.</summary>
    public string Brokers { get; }

    /// <summary>Creates a topic.</summary>
    public void CreateTopic(string topic, int partitions, int replicas) => Check(rd_kafka_mock_topic_create(_cluster, topic, partitions, replicas));

    /// <summary>Has requests of a kind answered with these errors, one after the other.</summary>
    public void PushErrors(short apiKey, params ErrorCode[] errors) =>
        rd_kafka_mock_push_request_errors_array(_cluster, apiKey, errors.Length, [.. errors.Select(error => (int)error)]);

    /// <summary>A broker goes down.</summary>
    public void Down(int broker) => Check(rd_kafka_mock_broker_set_down(_cluster, broker));

    /// <summary>A broker comes up.</summary>
    public void Up(int broker) => Check(rd_kafka_mock_broker_set_up(_cluster, broker));

    /// <summary>Moves the leadership of a partition.</summary>
    public void Lead(string topic, int partition, int broker) => Check(rd_kafka_mock_partition_set_leader(_cluster, topic, partition, broker));

    /// <summary>How long a broker takes for each answer.</summary>
    public void Delay(int broker, int milliseconds) => Check(rd_kafka_mock_broker_set_rtt(_cluster, broker, milliseconds));

    /// <inheritdoc/>
    public void Dispose()
    {
        rd_kafka_mock_cluster_destroy(_cluster);
        rd_kafka_destroy(_handle);
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new InvalidOperationException($"The mock cluster refuses it: {(ErrorCode)error}.");
        }
    }

    [LibraryImport(Library)]
    private static partial nint rd_kafka_conf_new();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rd_kafka_conf_set(nint configuration, string name, string value, [Out] byte[] error, nint size);

    [LibraryImport(Library)]
    private static partial nint rd_kafka_new(int type, nint configuration, [Out] byte[] error, nint size);

    [LibraryImport(Library)]
    private static partial void rd_kafka_destroy(nint handle);

    [LibraryImport(Library)]
    private static partial nint rd_kafka_mock_cluster_new(nint handle, int brokers);

    [LibraryImport(Library)]
    private static partial void rd_kafka_mock_cluster_destroy(nint cluster);

    [LibraryImport(Library)]
    private static partial nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rd_kafka_mock_topic_create(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Library)]
    private static partial int rd_kafka_mock_broker_set_down(nint cluster, int broker);

    [LibraryImport(Library)]
    private static partial int rd_kafka_mock_broker_set_up(nint cluster, int broker);

    [LibraryImport(Library)]
    private static partial int rd_kafka_mock_broker_set_rtt(nint cluster, int broker, int milliseconds);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rd_kafka_mock_partition_set_leader(nint cluster, string topic, int partition, int broker);

    [LibraryImport(Library)]
    private static partial void rd_kafka_mock_push_request_errors_array(nint cluster, short apiKey, nint count, int[] errors);
}
