using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;

namespace Loggregator.Benchmarks;

/// <summary>Always has more of the <see cref="Workload"/>'s envelopes, until it is ended.</summary>
internal sealed class EndlessSource : IRecordSource
{
    private static readonly DopplerIdentity Origin = new("doppler-1", 0x1F);
    private readonly byte[][] _envelopes = [.. Enumerable.Range(0, Workload.Sources).Select(Workload.Envelope)];
    private long _taken;
    private volatile bool _ended;

    public Backlog Backlog => default;

    public void End() => _ended = true;

    public ValueTask<bool> TakeAsync(RecordBatch batch, int maxBytes, int maxRecords, CancellationToken cancel)
    {
        while (!_ended && batch.Count < maxRecords && batch.Bytes + _envelopes[0].Length <= maxBytes)
        {
            batch.Add(_envelopes[_taken % Workload.Sources], Origin, (ulong)_taken);
            _taken++;
        }

        batch.Mark = _taken;
        return ValueTask.FromResult(batch.Count > 0);
    }

    public async ValueTask WaitAsync(CancellationToken cancel) => await Task.Delay(Timeout.Infinite, cancel);

    public void MarkDelivered(RecordBatch batch)
    {
    }
}
