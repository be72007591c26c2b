using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Benchmarks;

/// <summary>A message of 100 gauges of five values each, of sources that come round in a shuffled order, on its way into the series.</summary>
[MemoryDiagnoser]
public class SeriesBenchmarks
{
    public const int Metrics = 5;
    private const long Interval = 15_000_000_000; // nanoseconds from one round to the next
    private static readonly byte[] Marks = BitConverter.GetBytes(0x7ff0_5a3c_96e1_0000); // bits that nothing else in an envelope has
    private readonly ArrayBufferWriter<byte> _messages = new();
    private readonly List<(int Offset, int Length, EnvelopeHeader Header, int[] Values)> _envelopes = [];
    private SeriesStore _store = null!;
    private SeriesBatch _batch = null!;
    private int _next, _round;

    /// <summary>Sources, each with a gauge of its own.</summary>
    [Params(1_000, 10_000)]
    public int Sources { get; set; } = 1_000;

    [GlobalSetup]
    public void Setup()
    {
        _store = new SeriesStore(new SeriesLimits { Bytes = 1L << 30 }, TimeProvider.System);
        _batch = new SeriesBatch(_store);
        for (var source = 0; source < Sources; source++)
        {
            var at = _messages.WrittenCount;
            var mark = BitConverter.ToDouble(Marks);
            EnvelopeWriter.Gauge(_messages, 1_795_415_220_000_000_000 + (source * 1_000_000L), Workload.SourceId(source), "0"u8,
                new("cpu", mark, "percentage"), new("memory", mark, "bytes"), new("disk", mark, "bytes"), new("memory_quota", mark, "bytes"), new("disk_quota", mark, "bytes"));
            Workload.AddTags(_messages);
            var envelope = _messages.WrittenSpan[at..];
            RawEnvelope.TryReadHeader(envelope, out var header);
            var values = new int[Metrics];
            for (var i = 0; i < Metrics; i++)
            {
                var from = i == 0 ? 0 : values[i - 1] + 1;
                values[i] = from + envelope[from..].IndexOf(Marks);
            }

            _envelopes.Add((at, envelope.Length, header, values));
        }

        for (var i = 0; i < Sources / Workload.BatchSize; i++)
        {
            Append();
        }

        var order = CollectionsMarshal.AsSpan(_envelopes);
        new Random(1).Shuffle(order); // series lie in memory in the order in which they came first, and that is not that in which they come again
    }

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public void Append()
    {
        var message = _messages.WrittenSpan;
        for (var i = 0; i < Workload.BatchSize; i++)
        {
            var (offset, length, header, values) = _envelopes[_next];
            foreach (var value in values)
            {
                BinaryPrimitives.WriteDoubleLittleEndian(MemoryMarshal.AsMemory(_messages.WrittenMemory).Span[(offset + value)..], Value(_next + value));
            }

            header.Timestamp += _round * Interval;
            _batch.Add(message, offset, length, header);
            _next = _next + 1 == _envelopes.Count ? 0 : _next + 1;
            _round += _next == 0 ? 1 : 0;
        }

        _batch.AppendTo(message);
    }

    private double Value(int series) => (_round * 50) + ((series + (_round * 7919)) % 50);
}
