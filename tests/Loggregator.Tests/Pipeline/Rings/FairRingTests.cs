using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Grpc;
using Xunit;

namespace Loggregator.Tests.Pipeline.Rings;

public sealed class FairRingTests
{
    private const int Cell = 256;

    [Fact]
    public void Offer_LoudSourceOverflows_QuietOnesLoseNothing()
    {
        var losses = new LossTable();
        using var ring = new FairRing(64 * Cell, lanes: 1, losses, seed: 1);
        for (var i = 0; i < 10_000; i++)
        {
            RingEnvelopes.Offer(ring, "loud", RingEnvelopes.Log("loud", i, 200), i);
            if (i % 1000 == 0)
            {
                RingEnvelopes.Offer(ring, "quiet-a", RingEnvelopes.Log("quiet-a", i, 200), i);
                RingEnvelopes.Offer(ring, "quiet-b", RingEnvelopes.Log("quiet-b", i, 300), i);
            }
        }

        var taken = RingEnvelopes.Take(ring, 0, int.MaxValue, int.MaxValue, out _);

        Assert.Equal(10, taken.Count(e => e.Source == "quiet-a"));
        Assert.Equal(10, taken.Count(e => e.Source == "quiet-b"));
        var loud = taken.Where(e => e.Source == "loud").Select(e => e.Serial).ToArray();
        Assert.Equal(64 - 10 - 20, loud.Length);
        Assert.Equal(Enumerable.Range(10_000 - loud.Length, loud.Length).Select(i => (long)i), loud); // the oldest went
        var lost = Assert.Single(losses.Snapshot());
        Assert.Equal(10_000 - loud.Length, lost.Count);
        Assert.Equal("loud"u8, lost.SourceId.Span);
        Assert.Equal("0"u8, lost.InstanceId.Span);
        Assert.Equal(10_000 - loud.Length - 1, lost.LastTimestamp);
    }

    [Fact]
    public void Offer_LoudSourceSendsOneHugeEnvelope_PushesOutItsOwnOnly()
    {
        using var ring = new FairRing(64 * Cell, lanes: 1, new LossTable(), seed: 1);
        for (var i = 0; i < 30; i++)
        {
            RingEnvelopes.Offer(ring, $"quiet-{i}", RingEnvelopes.Log($"quiet-{i}", i, 200), i);
        }

        Assert.True(RingEnvelopes.Offer(ring, "huge", RingEnvelopes.Log("huge", 100, 30 * Cell), 100));
        Assert.True(RingEnvelopes.Offer(ring, "huge", RingEnvelopes.Log("huge", 101, 30 * Cell), 101));
        Assert.False(RingEnvelopes.Offer(ring, "other-huge", RingEnvelopes.Log("other-huge", 102, 40 * Cell), 102));

        var taken = RingEnvelopes.Take(ring, 0, int.MaxValue, int.MaxValue, out _);
        Assert.Equal(30, taken.Count(e => e.Source.StartsWith("quiet", StringComparison.Ordinal)));
        Assert.Equal(101, taken.Single(e => e.Source == "huge").Serial);
    }

    [Fact]
    public void Offer_LargerThanTheWholeRing_IsDroppedAndCountedAlone()
    {
        var losses = new LossTable();
        using var ring = new FairRing(8 * Cell, lanes: 1, losses, seed: 1);
        Assert.True(RingEnvelopes.Offer(ring, "a", RingEnvelopes.Log("a", 1, 100), 1));

        Assert.False(RingEnvelopes.Offer(ring, "b", RingEnvelopes.Log("b", 2, 9 * Cell), 2));

        Assert.Equal((2, 1, 1), (ring.Appended, ring.Dropped, ring.HeldEnvelopes));
        Assert.Equal(1, losses.Total(LossReason.RingFull));
    }

    [Fact]
    public void Take_NotReleased_StaysChargedUntilReleased()
    {
        var losses = new LossTable();
        using var ring = new FairRing(4 * Cell, lanes: 1, losses, seed: 1);
        for (var i = 0; i < 4; i++)
        {
            Assert.True(RingEnvelopes.Offer(ring, "a", RingEnvelopes.Log("a", i, 200), i));
        }

        RingEnvelopes.Take(ring, 0, int.MaxValue, int.MaxValue, out var take);

        Assert.Equal(4, take.Envelopes);
        Assert.Equal(4 * Cell, ring.ChargedBytes);
        Assert.False(RingEnvelopes.Offer(ring, "a", RingEnvelopes.Log("a", 9, 200), 9)); // all is in flight: the new one goes
        Assert.Equal(1, losses.Total(LossReason.RingFull));
        ring.Release(take.Charge);
        Assert.Equal(0, ring.ChargedBytes);
        Assert.True(RingEnvelopes.Offer(ring, "a", RingEnvelopes.Log("a", 10, 200), 10));
    }

    [Fact]
    public void Take_Limits_AreKeptAndOneLargerEnvelopePasses()
    {
        using var ring = new FairRing(1024 * Cell, lanes: 1, new LossTable(), seed: 1);
        RingEnvelopes.Offer(ring, "a", RingEnvelopes.Log("a", 0, 5000), 0);
        for (var i = 1; i < 10; i++)
        {
            RingEnvelopes.Offer(ring, "a", RingEnvelopes.Log("a", i, 400), i);
        }

        Assert.Equal([0L], RingEnvelopes.Take(ring, 0, maxBytes: 1000, maxEnvelopes: 100, out _).Select(e => e.Serial));
        Assert.Equal([1L, 2L], RingEnvelopes.Take(ring, 0, maxBytes: 1000, maxEnvelopes: 100, out _).Select(e => e.Serial));
        Assert.Equal([3L, 4L, 5L], RingEnvelopes.Take(ring, 0, maxBytes: 10_000, maxEnvelopes: 3, out _).Select(e => e.Serial));
        using var started = MessageBuffer.Rent(64);
        started.Write("\x10\x01"u8);
        Assert.Equal(0, ring.Take(0, started, maxBytes: 100, maxEnvelopes: 3).Envelopes); // no exception for a message that holds something
    }

    [Fact]
    public async Task Offer_Lanes_KeepEverySourceInOneAndWakeIt()
    {
        using var ring = new FairRing(1024 * Cell, lanes: 3, new LossTable(), seed: 5);
        for (var i = 0; i < 60; i++)
        {
            var source = $"source-{i % 20}";
            RingEnvelopes.Offer(ring, source, RingEnvelopes.Log(source, i, 100), i);
        }

        for (var lane = 0; lane < 3; lane++)
        {
            await ring.Signal(lane).WaitAsync(); // returns at once: it was set
            var taken = RingEnvelopes.Take(ring, lane, int.MaxValue, int.MaxValue, out _);
            Assert.NotEmpty(taken);
            foreach (var group in taken.GroupBy(e => e.Source))
            {
                Assert.Equal(lane, ring.LaneOf(System.Text.Encoding.UTF8.GetBytes(group.Key)));
                Assert.Equal(3, group.Count());
                Assert.Equal(group.Select(e => e.Serial).Order(), group.Select(e => e.Serial));
            }

            Assert.Equal(0, ring.LaneEnvelopes(lane));
            Assert.Equal(0, ring.LaneBytes(lane));
        }
    }

    [Fact]
    public void Take_BacklogDrained_BeginsAnewWithEveryByteRight()
    {
        using var ring = new FairRing(16 * 1024 * 1024, lanes: 1, new LossTable(), seed: 1);
        for (var round = 0; round < 3; round++)
        {
            var sent = Enumerable.Range(0, 20_000).Select(i => RingEnvelopes.Log("a", i, 300 + (i % 300))).ToArray();
            for (var i = 0; i < sent.Length; i++)
            {
                Assert.True(RingEnvelopes.Offer(ring, "a", sent[i], i));
            }

            Assert.Equal(sent, RingEnvelopes.Take(ring, 0, int.MaxValue, int.MaxValue, out var take).Select(e => e.Bytes));
            ring.Release(take.Charge);
            Assert.Equal((0, 0), (ring.HeldEnvelopes, ring.ChargedBytes));
        }
    }

    [Fact]
    public void DropAll_Always_CountsEveryEnvelope()
    {
        var losses = new LossTable();
        using var ring = new FairRing(64 * Cell, lanes: 2, losses, seed: 1);
        for (var i = 0; i < 20; i++)
        {
            RingEnvelopes.Offer(ring, $"s{i % 3}", RingEnvelopes.Log($"s{i % 3}", i, 100 + (i * 20)), i);
        }

        Assert.Equal(20, ring.DropAll(LossReason.Shutdown));

        Assert.Equal(20, losses.Total(LossReason.Shutdown));
        Assert.Equal((0, 0, 0, 0), (ring.HeldEnvelopes, ring.HeldBytes, ring.ChargedBytes, ring.Sources));
    }

    [Fact]
    public async Task Offer_ManyWritersAndReaders_ConservesAndKeepsOrder()
    {
        const int Writers = 4, Each = 5000;
        using var ring = new FairRing(256 * Cell, lanes: 2, new LossTable());
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(lane => Task.Run(async () =>
        {
            var taken = new List<(string Source, long Serial, byte[] Bytes)>();
            while (!stop.IsCancellationRequested || ring.LaneEnvelopes(lane) != 0)
            {
                taken.AddRange(RingEnvelopes.Take(ring, lane, 16 * 1024, 50, out var take));
                ring.Release(take.Charge);
                if (take.Envelopes == 0)
                {
                    await ring.Signal(lane).WaitAsync();
                }
            }

            return taken;
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                RingEnvelopes.Offer(ring, $"w{w}", RingEnvelopes.Log($"w{w}", i, 60 + (i % 700)), i);
            }
        })));
        await stop.CancelAsync();
        ring.Signal(0).Set();
        ring.Signal(1).Set();
        var all = (await Task.WhenAll(readers)).SelectMany(taken => taken).ToList();

        Assert.Equal(Writers * Each, ring.Appended);
        Assert.Equal(ring.Appended, all.Count + ring.Dropped);
        Assert.Equal(all.Count, ring.Taken);
        Assert.Equal((0, 0), (ring.HeldEnvelopes, ring.ChargedBytes));
        foreach (var group in all.GroupBy(e => e.Source))
        {
            var serials = group.Select(e => e.Serial).ToArray();
            Assert.Equal(serials.Order().Distinct(), serials);
        }
    }
}
