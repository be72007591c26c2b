using BenchmarkDotNet.Attributes;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;

namespace Loggregator.Benchmarks;

/// <summary>One batch appended and read by the members of a group that shares by source: of one that acknowledges all it gets, and of an ordinary one.</summary>
[MemoryDiagnoser]
public class AckGroupBenchmarks
{
    private readonly byte[][] _batches = Workload.Batches();
    private readonly BatchFrame _frame = new();
    private EnvelopeLog _log = null!;
    private AppendBatch _batch = null!;
    private LogConsumer[] _consumers = [];
    private long[] _read = [];
    private bool _acknowledges;
    private int _next;

    [Params(1, 3)]
    public int Members { get; set; }

    [GlobalSetup(Target = nameof(Acknowledged))]
    public void SetupAcknowledged() => Setup(acknowledges: true);

    [GlobalSetup(Target = nameof(Ordinary))]
    public void SetupOrdinary() => Setup(acknowledges: false);

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int Acknowledged() => Run();

    [Benchmark(Baseline = true, OperationsPerInvoke = Workload.BatchSize)]
    public int Ordinary() => Run();

    private int Run()
    {
        var message = _batches[_next++ % _batches.Length];
        var records = new RecordReader(message);
        while (records.MoveNext())
        {
            RawEnvelope.TryRead(records.Current, out var header);
            _batch.AddRecord(message, records.RecordOffset, records.RecordLength, records.Current.Length, header);
        }

        _log.Append(message, _batch);
        _batch.Clear();
        var total = 0;
        for (var member = 0; member < _consumers.Length; member++)
        {
            while (_consumers[member].Fill(_frame))
            {
                _read[member] += _frame.Envelopes;
                total += _frame.Envelopes;
                _frame.Take().Dispose();
            }

            if (_acknowledges)
            {
                _consumers[member].Acknowledge(1, _read[member], 0);
            }
        }

        return total;
    }

    private void Setup(bool acknowledges)
    {
        _acknowledges = acknowledges;
        _log = new EnvelopeLog(64 * 1024 * 1024, TimeProvider.System);
        _batch = new AppendBatch(_log);
        _read = new long[Members];
        _consumers = [.. Enumerable.Range(0, Members).Select(member =>
        {
            var consumer = new LogConsumer(_log, new DeliveryCounters());
            consumer.Open(new SubscriptionRequest
            {
                Id = 1,
                Selectors = [new EnvelopeSelector(new Selector { Log = new LogSelector() })],
                ShardId = "group",
                BySource = true,
                Acknowledged = acknowledges,
                MemberName = "member-" + member,
                Credit = long.MaxValue / 2,
            });
            return consumer;
        })];
        while (_log.Evicted == 0)
        {
            Run();
        }
    }
}
