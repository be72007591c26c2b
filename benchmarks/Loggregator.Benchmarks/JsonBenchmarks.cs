using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Json;
using Loggregator.Protocol.V2;

namespace Loggregator.Benchmarks;

/// <summary>A batch as protobuf's JSON: from the bytes, and by decoding it and Google's formatter.</summary>
[MemoryDiagnoser]
public class JsonBenchmarks
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
    private readonly byte[] _batch = Workload.Batches()[0];

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int FromBytes()
    {
        using var json = MessageBuffer.Rent(128 * 1024);
        EnvelopeJson.WriteBatch(json, _batch);
        return json.Length;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Workload.BatchSize)]
    public int Generated()
    {
        using var text = new StringWriter();
        Formatter.Format(EnvelopeBatch.Parser.ParseFrom(_batch), text);
        return System.Text.Encoding.UTF8.GetByteCount(text.ToString());
    }
}
