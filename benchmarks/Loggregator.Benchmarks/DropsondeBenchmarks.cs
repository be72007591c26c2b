using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using V2Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Benchmarks;

/// <summary>
/// A batch of each type between v2 and v1, from bytes to bytes. The baseline decodes the logs and encodes them into v1 with the generated
/// classes, as a simple converter would.
/// </summary>
[MemoryDiagnoser]
public class DropsondeBenchmarks
{
    private static readonly string[] Fields = ["origin", "deployment", "job", "index", "ip", "source_type"];
    private readonly byte[][] _logs = [.. Enumerable.Range(0, Workload.BatchSize).Select(Workload.Envelope)];
    private readonly byte[] _counter = Write(writer => EnvelopeWriter.Counter(writer, 1, "app"u8, "0"u8, "requests"u8, 5, 7));
    private readonly byte[] _gauge = Write(writer => EnvelopeWriter.Gauge(writer, 1, "app"u8, "0"u8, new GaugeMetric("latency", 12.5, "ms")));
    private readonly byte[] _timer;
    private readonly byte[] _v1Log;

    public DropsondeBenchmarks()
    {
        _timer = Write(writer =>
        {
            EnvelopeWriter.Tag(writer, "request_id"u8, "954f61c4-ac84-44be-9217-cdfa3117fb41"u8);
            EnvelopeWriter.Tag(writer, "method"u8, "GET"u8);
            EnvelopeWriter.Tag(writer, "peer_type"u8, "Server"u8);
            EnvelopeWriter.Tag(writer, "status_code"u8, "200"u8);
            EnvelopeWriter.Timer(writer, 1, "f47ac10b-58cc-4372-a567-0e02b2c3d479"u8, "0"u8, "http"u8, 1, 2);
        });
        using var records = MessageBuffer.Rent(1024);
        RawEnvelope.TryReadHeader(_logs[0], out var header);
        V2ToV1.Write(records, _logs[0], header, int.MaxValue, out _);
        var reader = new RecordReader(records.Span);
        reader.MoveNext();
        _v1Log = reader.Current.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int LogsToV1()
    {
        using var records = MessageBuffer.Rent(64 * 1024);
        foreach (var log in _logs)
        {
            RawEnvelope.TryReadHeader(log, out var header);
            V2ToV1.Write(records, log, header, int.MaxValue, out _);
        }

        return records.Length;
    }

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int CountersToV1() => ToV1(_counter);

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int GaugesToV1() => ToV1(_gauge);

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int TimersToV1() => ToV1(_timer);

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int LogsToV2()
    {
        using var target = MessageBuffer.Rent(64 * 1024);
        for (var i = 0; i < Workload.BatchSize; i++)
        {
            DropsondeEnvelope.TryRead(_v1Log, out var header);
            V1ToV2.Write(target, _v1Log, header, DropsondeTagging.None);
        }

        return target.Length;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Workload.BatchSize)]
    public int LogsToV1Generated()
    {
        using var records = MessageBuffer.Rent(64 * 1024);
        foreach (var bytes in _logs)
        {
            var log = V2Envelope.Parser.ParseFrom(bytes);
            var envelope = new Envelope
            {
                Origin = log.Tags["origin"],
                EventType = Loggregator.Protocol.Dropsonde.Envelope.Types.EventType.LogMessage,
                Timestamp = log.Timestamp,
                Deployment = log.Tags["deployment"],
                Job = log.Tags["job"],
                Index = log.Tags["index"],
                Ip = log.Tags["ip"],
                LogMessage = new LogMessage
                {
                    Message = log.Log.Payload,
                    MessageType = LogMessage.Types.MessageType.Out,
                    Timestamp = log.Timestamp,
                    AppId = log.SourceId,
                    SourceType = log.Tags["source_type"],
                    SourceInstance = log.InstanceId,
                },
            };
            envelope.Tags.Add("source_id", log.SourceId);
            foreach (var (key, value) in log.Tags.Where(tag => !Fields.Contains(tag.Key)))
            {
                envelope.Tags[key] = value;
            }

            Records.Append(records, envelope.ToByteArray());
        }

        return records.Length;
    }

    private static int ToV1(byte[] envelope)
    {
        using var records = MessageBuffer.Rent(64 * 1024);
        for (var i = 0; i < Workload.BatchSize; i++)
        {
            RawEnvelope.TryReadHeader(envelope, out var header);
            V2ToV1.Write(records, envelope, header, int.MaxValue, out _);
        }

        return records.Length;
    }

    private static byte[] Write(Action<MessageBuffer> write)
    {
        using var buffer = MessageBuffer.Rent(1024);
        EnvelopeWriter.Tag(buffer, "origin"u8, "rep"u8);
        EnvelopeWriter.Tag(buffer, "job"u8, "cell"u8);
        write(buffer);
        return buffer.Span.ToArray();
    }
}
