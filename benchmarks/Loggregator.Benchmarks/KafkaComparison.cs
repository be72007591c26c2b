using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Sinks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Benchmarks;

/// <summary>
/// What it costs to produce to Kafka, acknowledged by all replicas and idempotent: the nozzle's sink, and Confluent.Kafka's producer with the same settings
/// and messages, which are ready for it. The three brokers are librdkafka's mock cluster in a process of its own, which is not counted.
/// </summary>
internal static class KafkaComparison
{
    private const string Topic = "logs";
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);
    private static readonly string[] Cases = ["format=protobuf", "format=protobuf&headers=false", "format=json"];

    /// <summary>Measures each case so long; with <paramref name="options"/> the sink with these alone.</summary>
    public static async Task RunAsync(TimeSpan each, string? options)
    {
        Console.WriteLine($"{"producer",-60}{"acknowledged/s",16}{"CPU s/M",9}{"B/msg",8}");
        foreach (var one in options is null ? Cases : [options])
        {
            await MeasureAsync("sink, " + one, brokers => SinkAsync($"kafka://{brokers}/{Topic}?{one}", each));
            if (options is null && one != Cases[^1])
            {
                var headers = !one.Contains("headers=false", StringComparison.Ordinal);
                await MeasureAsync("Confluent.Kafka, " + one, brokers => ConfluentAsync(brokers, headers, each));
            }
        }
    }

    /// <summary>Three brokers, told on standard output, until standard input ends.</summary>
    public static void RunBrokers()
    {
        var settings = new Dictionary<string, string> { ["bootstrap.servers"] = "127.0.0.1:1", ["test.mock.num.brokers"] = "3", ["log_level"] = "0" };
        using var holder = new ProducerBuilder<byte[], byte[]>(settings).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(holder.Handle).Build();
        Console.WriteLine(string.Join(',', admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(broker => $"{broker.Host}:{broker.Port}")));
        Console.In.ReadToEnd();
    }

    private static async Task MeasureAsync(string name, Func<string, Task<Result>> run)
    {
        using var brokers = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["kafka-brokers"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var result = await run((await brokers.StandardOutput.ReadLineAsync())!);
        brokers.StandardInput.Close();
        await brokers.WaitForExitAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name,-60}{result.Count / result.Time.TotalSeconds,16:N0}{result.Cpu.TotalSeconds / result.Count * 1e6,9:N2}{(double)result.Allocated / result.Count,8:N0}"));
    }

    private static async Task<Result> SinkAsync(string url, TimeSpan time)
    {
        var errors = new List<string>();
        var spec = SinkSpec.Parse(url, new Dictionary<string, IReadOnlyList<string>>(), errors) ?? throw new ArgumentException(string.Join('\n', errors));
        await using var sink = spec.Create(new SinkContext(TimeProvider.System, NullLogger.Instance, Stream.Null));
        var source = new EndlessSource();
        var counters = new SinkCounters("kafka", spec.Url.ToString(), source, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var loop = new DeliveryLoop(source, sink, counters, spec.Delivery, null, spec.Url.Redact, TimeProvider.System, NullLogger.Instance);
        var running = Task.Run(() => loop.RunAsync(stop.Token));
        var result = await WatchAsync(() => Interlocked.Read(ref counters.Delivered), time);
        source.End();
        await stop.CancelAsync();
        await running;
        return result;
    }

    // One message object after the other with the settings of the sink; what its queue does not take is tried again a moment later.
    private static async Task<Result> ConfluentAsync(string brokers, bool headers, TimeSpan time)
    {
        var settings = new Dictionary<string, string>
        {
            ["bootstrap.servers"] = brokers,
            ["enable.idempotence"] = "true",
            ["acks"] = "all",
            ["linger.ms"] = "5",
            ["compression.type"] = "lz4",
            ["queue.buffering.max.messages"] = "100000",
            ["dotnet.producer.delivery.report.fields"] = "status",
        };
        using var producer = new ProducerBuilder<byte[], byte[]>(settings).Build();
        var (acknowledged, stop, sent) = (0L, false, 0);
        var sources = Enumerable.Range(0, Workload.Sources).Select(Workload.SourceId).ToArray();
        var envelopes = Enumerable.Range(0, Workload.Sources).Select(Workload.Envelope).ToArray();
        var cursor = "doppler-1/000000000000001f/10000000"u8.ToArray();
        Action<DeliveryReport<byte[], byte[]>> report = answer => Interlocked.Add(ref acknowledged, answer.Error.IsError ? 0 : 1);
        var producing = Task.Run(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                var source = sent % Workload.Sources;
                var message = new Message<byte[], byte[]> { Key = sources[source], Value = envelopes[source] };
                if (headers)
                {
                    message.Headers = new Headers { { "source", sources[source] }, { "instance", "0"u8.ToArray() }, { "type", "log"u8.ToArray() }, { "cursor", cursor } };
                }

                try
                {
                    producer.Produce(new TopicPartition(Topic, source % 4), message, report);
                    sent++;
                }
                catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    Thread.Sleep(5);
                }
            }
        });
        var result = await WatchAsync(() => Interlocked.Read(ref acknowledged), time);
        Volatile.Write(ref stop, true);
        await producing;
        producer.Flush(TimeSpan.FromSeconds(10));
        return result;
    }

    private static async Task<Result> WatchAsync(Func<long> acknowledged, TimeSpan time)
    {
        await Task.Delay(Warmup);
        var (count, cpu, allocated, started) = (acknowledged(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
        await Task.Delay(time);
        return new Result(acknowledged() - count, Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - cpu, GC.GetTotalAllocatedBytes() - allocated);
    }

    private readonly record struct Result(long Count, TimeSpan Time, TimeSpan Cpu, long Allocated);
}
