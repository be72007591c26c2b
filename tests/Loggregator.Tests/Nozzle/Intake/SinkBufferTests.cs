using System.Text;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Intake;
using Loggregator.Nozzle.Spool;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Tests.Nozzle.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Loggregator.Tests.Nozzle.Intake;

public sealed class SinkBufferTests
{
    [Fact]
    public async Task Durable_BatchesOfTheSinkAreNotThoseOfTheSpool_AndOnlyWholeOnesAreCompleted()
    {
        var disk = new PowerCutFiles();
        var cancel = TestContext.Current.CancellationToken;
        await using (var buffer = Open(disk))
        {
            await AppendAsync(buffer, 0, 10);
            var batches = await TakeAsync(buffer, maxRecords: 4, cancel);
            Assert.Equal([4, 4, 2], batches.Select(batch => batch.Count));
            Assert.Equal(Enumerable.Range(0, 10).Select(number => $"doppler-1/0000000000000007/{number}"), batches.SelectMany(Ids));
            buffer.MarkDelivered(batches[0]);
            buffer.MarkDelivered(batches[1]);
            Assert.Equal(10, buffer.Counters.Held);
            buffer.MarkDelivered(batches[2]);
            Assert.Equal((0, 0), (buffer.Counters.Held, buffer.Backlog.Records));
            await AppendAsync(buffer, 10, 5);
            Assert.Equal(5, (await TakeAsync(buffer, maxRecords: 4, cancel)).Sum(batch => batch.Count));
        }

        await using var again = Open(disk); // taken is not delivered
        Assert.Equal(5, again.Counters.Held);
        Assert.Equal(Enumerable.Range(10, 5).Select(number => $"doppler-1/0000000000000007/{number}"), (await TakeAsync(again, maxRecords: 100, cancel)).SelectMany(Ids));
    }

    [Fact]
    public async Task Live_GivesBackWhatItGot_WithItsIds_AndTellsWhatItLost()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var buffer = new LiveBuffer(64 * 1024);
        await AppendAsync(buffer, 0, 3, source: "quiet");
        for (var number = 0; number < 200; number++)
        {
            await AppendAsync(buffer, number, 1, source: "loud", bytes: 1000);
        }

        Assert.True(buffer.Backlog is { OldestTimestamp: 1_795_415_220_000_000_000, Bytes: > 30_000 }, $"{buffer.Backlog}");
        var lost = buffer.Dropped(LossReason.RingFull);
        Assert.InRange(lost, 100, 199);
        var batches = await TakeAsync(buffer, maxRecords: 10, cancel);
        var told = batches[0].Envelope(0, out var header).ToArray();
        Assert.True(GapRecord.TryRead(told, header, out var gap));
        Assert.Equal((lost, "loud"), ((long)gap.Count, Encoding.UTF8.GetString(gap.SourceId)));
        var ids = batches.SelectMany(Ids).Skip(1).ToList();
        Assert.Equal(["doppler-1/0000000000000007/0", "doppler-1/0000000000000007/1", "doppler-1/0000000000000007/2"], ids.Take(3));
        Assert.Equal(203 - lost, ids.Count);
        using var expected = SpoolFixture.Lines(199, 1, 1000, "loud");
        var last = new RecordReader(expected.Span);
        last.MoveNext();
        Assert.Equal(Convert.ToHexString(last.Current), Convert.ToHexString(batches[^1].Envelope(batches[^1].Count - 1)));

        Assert.Equal((203, 1), (buffer.Appended, buffer.Told));
        Assert.Equal(203 - lost, buffer.Backlog.Records); // in flight
        batches.ForEach(buffer.MarkDelivered);
        Assert.Equal(default, buffer.Backlog);
    }

    [Fact]
    public async Task Live_AtAStop_CountsWhatIsLeft()
    {
        await using var buffer = new LiveBuffer(1024 * 1024);
        await AppendAsync(buffer, 0, 30);
        Assert.Equal(30, buffer.DropAll());
        Assert.Equal(30, buffer.Dropped(LossReason.Shutdown));

        await AppendAsync(buffer, 30, 12);
        var handed = await TakeAsync(buffer, maxRecords: 10, TestContext.Current.CancellationToken);
        buffer.MarkDelivered(handed[0]);
        var unanswered = handed.Skip(1).Sum(batch => batch.Count);
        handed.Skip(1).ToList().ForEach(buffer.Abandon);
        Assert.Equal((unanswered, 0L), (buffer.Dropped(LossReason.Unconfirmed), buffer.DropAll()));
        Assert.Equal(default, buffer.Backlog);
    }

    private static DurableBuffer Open(PowerCutFiles disk)
    {
        var options = new SpoolOptions { Directory = "spool", MaxBytes = 1024 * 1024, CommitInterval = TimeSpan.Zero };
        return new DurableBuffer("sink", EnvelopeSpool.Open(options, disk, NullLogger.Instance, TimeProvider.System), BufferOrder.Fifo, 64 * 1024, TimeProvider.System, NullLogger.Instance);
    }

    private static async Task AppendAsync(ISinkBuffer buffer, int from, int count, string source = "a", int bytes = 0)
    {
        using var lines = SpoolFixture.Lines(from, count, bytes, source);
        await buffer.AppendAsync(new SpoolEntry(lines, 0, lines.Length, count, SpoolFixture.Doppler, (ulong)from));
    }

    private static async Task<List<RecordBatch>> TakeAsync(ISinkBuffer buffer, int maxRecords, CancellationToken cancel)
    {
        var batches = new List<RecordBatch>();
        while (true)
        {
            var batch = new RecordBatch();
            if (!await buffer.TakeAsync(batch, 1024 * 1024, maxRecords, cancel))
            {
                batch.Dispose();
                return batches;
            }

            batches.Add(batch);
        }
    }

    private static IEnumerable<string> Ids(RecordBatch batch) => Enumerable.Range(0, batch.Count).Select(batch.Id);
}
