using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Intake;
using Loggregator.Nozzle.Spool;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Tests.Nozzle.Intake;

/// <summary>A buffer that only keeps what it is given: each envelope with its origin and position.</summary>
internal sealed class KeepingBuffer : ISinkBuffer
{
    public List<(string Envelope, string Id)> Kept { get; } = [];

    public List<SpoolEntry> Entries { get; } = [];

    public int MaxEntryBytes { get; init; } = int.MaxValue;

    public string? Trouble => null;

    public Backlog Backlog => default;

    public Task AppendAsync(in SpoolEntry entry)
    {
        Entries.Add(entry);
        var records = new RecordReader(entry.Buffer.Span.Slice(entry.Offset, entry.Length));
        for (var i = 0; records.MoveNext(); i++)
        {
            Kept.Add((Convert.ToHexString(records.Current), $"{entry.Doppler.Id}/{entry.Doppler.Incarnation}/{entry.Positions.Span[i]}"));
        }

        return Task.CompletedTask;
    }

    public ValueTask<bool> TakeAsync(RecordBatch batch, int maxBytes, int maxRecords, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask WaitAsync(CancellationToken cancel) => throw new NotSupportedException();

    public void MarkDelivered(RecordBatch batch) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
