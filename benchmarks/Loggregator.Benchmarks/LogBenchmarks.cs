using BenchmarkDotNet.Attributes;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;

namespace Loggregator.Benchmarks;

/// <summary>
/// One batch through a Doppler without its network: validated, stored and copied into outgoing messages for each firehose subscriber; by the log, and by
/// a bounded channel per subscriber, as the original has it. The log keeps history besides, and is full: each append evicts.
/// </summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    private const int LogBytes = 64 * 1024 * 1024, RingEnvelopes = 10_000;
    private readonly byte[][] _batches = Workload.Batches();
    private readonly EnvelopeSelector _selector = new(new Selector { Log = new LogSelector() });
    private readonly BatchFrame _frame = new();
    private EnvelopeLog _log = null!;
    private AppendBatch _batch = null!;
    private LogConsumer[] _consumers = [];
    private ChannelRing[] _rings = [];
    private int _next;

    [Params(1, 4, 16)]
    public int Subscribers { get; set; }

    /// <summary>Opens the subscriptions and fills the log.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _log = new EnvelopeLog(LogBytes, TimeProvider.System);
        _batch = new AppendBatch(_log);
        _consumers = [.. Enumerable.Range(0, Subscribers).Select(_ => Consumer())];
        _rings = [.. Enumerable.Range(0, Subscribers).Select(_ => new ChannelRing(RingEnvelopes))];
        while (_log.Evicted == 0)
        {
            Log();
        }
    }

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int Log()
    {
        Append();
        var read = 0;
        foreach (var consumer in _consumers)
        {
            while (consumer.Fill(_frame))
            {
                read += _frame.Envelopes;
                _frame.Take().Dispose();
            }
        }

        return read;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Workload.BatchSize)]
    public int RingPerSubscriber()
    {
        using var message = MessageBuffer.Rent(64 * 1024);
        message.Write(NextBatch());
        var records = new RecordReader(message.Span);
        while (records.MoveNext())
        {
            var envelope = records.Current;
            if (!RawEnvelope.TryRead(envelope, out var header))
            {
                throw new InvalidOperationException("A bad envelope.");
            }

            foreach (var ring in _rings)
            {
                if (_selector.Matches(header, envelope))
                {
                    ring.Offer(message, records.RecordOffset, records.RecordLength);
                }
            }
        }

        var read = 0;
        foreach (var ring in _rings)
        {
            using var outgoing = MessageBuffer.Rent(64 * 1024);
            read += ring.Take(outgoing, Workload.BatchSize);
        }

        return read;
    }

    private void Append()
    {
        using var message = MessageBuffer.Rent(64 * 1024);
        message.Write(NextBatch());
        var records = new RecordReader(message.Span);
        while (records.MoveNext())
        {
            if (!RawEnvelope.TryRead(records.Current, out var header))
            {
                throw new InvalidOperationException("A bad envelope.");
            }

            _batch.AddRecord(message.Span, records.RecordOffset, records.RecordLength, records.Current.Length, header);
        }

        _log.Append(message.Span, _batch);
        _batch.Clear();
    }

    private LogConsumer Consumer()
    {
        var consumer = new LogConsumer(_log, new DeliveryCounters());
        consumer.Open(new SubscriptionRequest { Id = 1, Selectors = [_selector], Credit = long.MaxValue });
        return consumer;
    }

    private byte[] NextBatch()
    {
        _next = _next + 1 == _batches.Length ? 0 : _next + 1;
        return _batches[_next];
    }
}
