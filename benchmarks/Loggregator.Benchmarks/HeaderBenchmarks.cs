using BenchmarkDotNet.Attributes;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;

namespace Loggregator.Benchmarks;

/// <summary>What it costs to know where an envelope goes: validating its bytes, only reading its header, or decoding it as generated code does.</summary>
[MemoryDiagnoser]
public class HeaderBenchmarks
{
    private readonly byte[][] _batches = Workload.Batches();
    private int _next;

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public long Validate()
    {
        long sum = 0;
        var records = new RecordReader(NextBatch());
        while (records.MoveNext())
        {
            sum += RawEnvelope.TryRead(records.Current, out var header) ? header.Timestamp : throw new InvalidOperationException("A bad envelope.");
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public long ReadHeader()
    {
        long sum = 0;
        var records = new RecordReader(NextBatch());
        while (records.MoveNext())
        {
            sum += RawEnvelope.TryReadHeader(records.Current, out var header) ? header.Timestamp : throw new InvalidOperationException("A bad envelope.");
        }

        return sum;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Workload.BatchSize)]
    public long ParseGenerated()
    {
        long sum = 0;
        foreach (var envelope in EnvelopeBatch.Parser.ParseFrom(NextBatch()).Batch)
        {
            sum += envelope.Timestamp;
        }

        return sum;
    }

    private byte[] NextBatch()
    {
        _next = _next + 1 == _batches.Length ? 0 : _next + 1;
        return _batches[_next];
    }
}
