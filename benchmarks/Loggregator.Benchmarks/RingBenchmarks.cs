using BenchmarkDotNet.Attributes;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Benchmarks;

/// <summary>The fair ring against a channel that drops its oldest: validated envelopes in, batch messages out; with room, and when full.</summary>
[MemoryDiagnoser]
public class RingBenchmarks : IDisposable
{
    private const int RingBytes = 16 * 1024 * 1024, CellsOfAnEnvelope = 2 * 256;
    private readonly byte[][] _batches = Workload.Batches();
    private readonly FairRing _ring = new(RingBytes, lanes: 1, new LossTable());
    private readonly FairRing _full = new(RingBytes, lanes: 1, new LossTable());
    private readonly ChannelRing _channel = new(RingBytes / CellsOfAnEnvelope);
    private readonly ChannelRing _fullChannel = new(RingBytes / CellsOfAnEnvelope);
    private int _next;

    /// <summary>Fills what is to be full.</summary>
    public RingBenchmarks()
    {
        for (var i = 0; i < 2 * RingBytes / CellsOfAnEnvelope; i += Workload.BatchSize)
        {
            FairRingFull();
            ChannelFull();
        }
    }

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int FairRing()
    {
        Offer(_ring);
        using var message = MessageBuffer.Rent(64 * 1024);
        var take = _ring.Take(lane: 0, message, 1024 * 1024, 1000);
        _ring.Release(take.Charge);
        return take.Envelopes;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Workload.BatchSize)]
    public int Channel()
    {
        OfferTo(_channel);
        using var message = MessageBuffer.Rent(64 * 1024);
        return _channel.Take(message, 1000);
    }

    /// <summary>Every envelope pushes another out.</summary>
    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public void FairRingFull() => Offer(_full);

    /// <summary>Every envelope pushes another out.</summary>
    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public void ChannelFull() => OfferTo(_fullChannel);

    public void Dispose()
    {
        _ring.Dispose();
        _full.Dispose();
        GC.SuppressFinalize(this);
    }

    // Like the agent's ingress: everything is validated before the ring's lock is taken.
    private void Offer(FairRing ring)
    {
        var batch = NextBatch();
        Span<EnvelopeHeader> headers = stackalloc EnvelopeHeader[Workload.BatchSize];
        var count = 0;
        var records = new RecordReader(batch);
        while (records.MoveNext())
        {
            if (!RawEnvelope.TryRead(records.Current, out headers[count++]))
            {
                throw new InvalidOperationException("A bad envelope.");
            }
        }

        count = 0;
        records = new RecordReader(batch);
        using var writer = ring.BeginWrite();
        while (records.MoveNext())
        {
            ref var header = ref headers[count++];
            var envelope = records.Current;
            writer.Offer(header.SourceId.Of(envelope), header.InstanceId.Of(envelope), header.Timestamp, [], envelope, []);
        }
    }

    private void OfferTo(ChannelRing channel)
    {
        using var message = MessageBuffer.Rent(64 * 1024);
        message.Write(NextBatch());
        channel.Offer(message);
    }

    private byte[] NextBatch()
    {
        _next = _next + 1 == _batches.Length ? 0 : _next + 1;
        return _batches[_next];
    }
}
