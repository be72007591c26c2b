using BenchmarkDotNet.Attributes;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;

namespace Loggregator.Benchmarks;

/// <summary>Matching one selector against an envelope whose header has been read.</summary>
[MemoryDiagnoser]
public class SelectorBenchmarks
{
    private readonly byte[][] _envelopes = [.. Enumerable.Range(0, Workload.BatchSize).Select(Workload.Envelope)];
    private readonly EnvelopeHeader[] _headers;
    private readonly EnvelopeSelector _anyLog = new(new Selector { Log = new LogSelector() });
    private readonly EnvelopeSelector _oneSource = new(new Selector
    {
        SourceId = System.Text.Encoding.ASCII.GetString(Workload.SourceId(7)),
        Log = new LogSelector(),
    });

    public SelectorBenchmarks() => _headers = [.. _envelopes.Select(e => RawEnvelope.TryRead(e, out var header) ? header : default)];

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int AnyLog() => Count(_anyLog);

    [Benchmark(OperationsPerInvoke = Workload.BatchSize)]
    public int LogsOfOneSource() => Count(_oneSource);

    private int Count(EnvelopeSelector selector)
    {
        var count = 0;
        for (var i = 0; i < _envelopes.Length; i++)
        {
            count += selector.Matches(_headers[i], _envelopes[i]) ? 1 : 0;
        }

        return count;
    }
}
