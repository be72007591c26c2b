using System.Text;
using Loggregator.Pipeline.Flow;
using Xunit;

namespace Loggregator.Tests.Pipeline.Flow;

public sealed class LossTableTests
{
    [Fact]
    public void Add_SameStreamAndReason_IsMerged()
    {
        var table = new LossTable();
        table.Add("app"u8, "0"u8, LossReason.RingFull, 2, timestamp: 20, position: 7);
        table.Add("app"u8, "0"u8, LossReason.RingFull, 3, timestamp: 10, position: 9);
        table.Add("app"u8, "1"u8, LossReason.RingFull, 1, timestamp: 5);
        table.Add("app"u8, "0"u8, LossReason.Unconfirmed, 4, timestamp: 30, upperBound: true);

        var told = Drain(table);

        Assert.Equal(3, told.Count);
        var merged = told[0];
        Assert.Equal(("app", "0", 5L), (Text(merged.SourceId), Text(merged.InstanceId), merged.Count));
        Assert.Equal((10L, 20L, 7UL, 9UL), (merged.FirstTimestamp, merged.LastTimestamp, merged.FirstPosition, merged.LastPosition));
        Assert.False(merged.UpperBound);
        Assert.True(told[2].UpperBound);
        Assert.Equal(6, table.Total(LossReason.RingFull));
        Assert.False(table.HasPending);
        Assert.Empty(Drain(table));
    }

    [Fact]
    public void Drain_VisitorDeclines_StaysPending()
    {
        var table = new LossTable();
        table.Add("a"u8, ""u8, LossReason.Evicted, 1, 1);
        table.Add("b"u8, ""u8, LossReason.Evicted, 2, 1);

        Assert.Equal(1, table.Drain(loss => Text(loss.SourceId) == "b"));

        Assert.True(table.HasPending);
        Assert.Equal("a", Text(Assert.Single(Drain(table)).SourceId));
    }

    [Fact]
    public void Add_AfterDrain_CountsFromZeroButKeepsTheTotal()
    {
        var table = new LossTable();
        table.Add("a"u8, ""u8, LossReason.Evicted, 5, timestamp: 1);
        Drain(table);
        table.Add("a"u8, ""u8, LossReason.Evicted, 2, timestamp: 9);

        var loss = Assert.Single(Drain(table));

        Assert.Equal((2L, 7L, 9L), (loss.Count, loss.Total, loss.FirstTimestamp));
    }

    [Fact]
    public void Add_AmbiguousConcatenation_KeepsStreamsApart()
    {
        var table = new LossTable();
        table.Add("ab"u8, "c"u8, LossReason.Evicted, 1, 1);
        table.Add("a"u8, "bc"u8, LossReason.Evicted, 1, 1);
        table.Add("a"u8, "bc"u8, LossReason.Evicted, 1, 1, hop: "agent");

        Assert.Equal(3, Drain(table).Count);
    }

    [Fact]
    public void Add_TableFullOfPending_FoldsIntoOtherAndForgetsNothing()
    {
        var table = new LossTable(capacity: 4);
        for (var i = 0; i < 100; i++)
        {
            table.Add(Encoding.UTF8.GetBytes($"source-{i}"), "0"u8, LossReason.RingFull, i + 1, i);
        }

        table.Add(new byte[4096], ""u8, LossReason.RingFull, 1000, 5);

        var told = Drain(table);
        Assert.Equal(5050 + 1000, told.Sum(loss => loss.Count));
        Assert.Equal(5050 + 1000, table.Total(LossReason.RingFull));
        Assert.InRange(told.Count, 5, 6);
        Assert.Equal(5050 + 1000 - 10, told.Where(loss => Text(loss.SourceId) == "other").Sum(loss => loss.Count));
    }

    [Fact]
    public void Add_TableFullOfTold_ReplacesTheOldestAndKeepsTheSumOfTotals()
    {
        var table = new LossTable(capacity: 4);
        for (var i = 0; i < 100; i++)
        {
            table.Add(Encoding.UTF8.GetBytes($"source-{i}"), ""u8, LossReason.RingFull, 1, i);
            Assert.Equal($"source-{i}", Text(Assert.Single(Drain(table)).SourceId));
        }

        var all = table.Snapshot();
        Assert.InRange(all.Length, 4, 5);
        Assert.Equal(100, all.Sum(loss => loss.Total));
    }

    private static List<Loss> Drain(LossTable table)
    {
        var told = new List<Loss>();
        table.Drain(loss =>
        {
            told.Add(loss);
            return true;
        });
        return told;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
