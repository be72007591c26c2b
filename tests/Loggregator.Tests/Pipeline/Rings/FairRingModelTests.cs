using System.Globalization;
using System.Numerics;
using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Xunit;

namespace Loggregator.Tests.Pipeline.Rings;

/// <summary>Seeded operations on the ring and on a list that does everything the slow, obvious way.</summary>
public sealed class FairRingModelTests
{
    private const int Cell = 256, Cells = 48, Lanes = 3;
    private readonly List<Held> _model = [];
    private int _inFlight;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Operations_AgainstTheModel_Agree(int seed)
    {
        var random = new Random(seed);
        var losses = new LossTable();
        using var ring = new FairRing(Cells * Cell, Lanes, losses, seed);
        var charges = new List<int>();
        long offered = 0, taken = 0, dropped = 0;
        for (var step = 0; step < 20_000; step++)
        {
            switch (random.Next(10))
            {
                case < 7:
                    offered++;
                    dropped += Offer(ring, losses, random, offered);
                    break;
                case < 9:
                    var lane = random.Next(Lanes);
                    var got = RingEnvelopes.Take(ring, lane, random.Next(100, 8000), random.Next(1, 8), out var take);
                    CheckTaken(ring, lane, got);
                    Assert.Equal((got.Count, got.Sum(e => CellsOf(e.Bytes))), (take.Envelopes, take.Charge));
                    taken += got.Count;
                    _inFlight += take.Charge;
                    charges.Add(take.Charge);
                    break;
                default:
                    if (charges.Count != 0)
                    {
                        var at = random.Next(charges.Count);
                        ring.Release(charges[at]);
                        _inFlight -= charges[at];
                        charges.RemoveAt(at);
                    }

                    break;
            }

            Assert.Equal((offered, taken, dropped, _model.Count), (ring.Appended, ring.Taken, ring.Dropped, ring.HeldEnvelopes));
            Assert.Equal((_model.Sum(e => e.Bytes.Length), (Used + _inFlight) * Cell), (ring.HeldBytes, ring.ChargedBytes));
            Assert.Equal(_model.Select(e => e.Source).Distinct().Count(), ring.Sources);
        }

        Assert.InRange(dropped, 100, offered); // else the test did not test what it is for
    }

    private int Used => _model.Sum(e => CellsOf(e.Bytes));

    private static int CellsOf(byte[] bytes) => (bytes.Length + Cell - 1) / Cell;

    private int Offer(FairRing ring, LossTable losses, Random random, long serial)
    {
        // Source 0 is loud, and lengths are skewed: mostly one cell, sometimes half the ring.
        var source = $"s{random.Next(3) * random.Next(12)}";
        var length = random.Next(20) == 0 ? random.Next(1, Cells * Cell / 2) : random.Next(1, 700);
        var instance = serial.ToString(CultureInfo.InvariantCulture); // own loss entries for each envelope, told in the order of the losses
        var envelope = RingEnvelopes.Log(source, serial, length, instance);
        var kept = RingEnvelopes.Offer(ring, source, envelope, serial, instance);
        var lost = new Queue<long>();
        losses.Drain(loss =>
        {
            lost.Enqueue(loss.LastTimestamp);
            return true;
        });
        var count = lost.Count;
        Evict(source, CellsOf(envelope), lost);
        Assert.Equal(kept ? [] : [serial], lost);
        Assert.Equal(kept, Cells - Used - _inFlight >= CellsOf(envelope));
        if (kept)
        {
            _model.Add(new Held(source, serial, envelope));
        }

        return count;
    }

    /// <summary>Plays the evictions that the ring reported; each must hit the oldest envelope of a source that is a heaviest one at that moment.</summary>
    private void Evict(string arriving, int cells, Queue<long> lost)
    {
        while (Cells - Used - _inFlight < cells && lost.Count != 0)
        {
            var at = _model.FindIndex(e => e.Serial == lost.Peek());
            if (at < 0)
            {
                return; // the arriving envelope itself
            }

            var victim = _model[at].Source;
            var weights = _model.GroupBy(e => e.Source).ToDictionary(g => g.Key, g => g.Sum(e => CellsOf(e.Bytes)));
            var highest = weights.Values.Max(Bin);
            if (Bin(weights.GetValueOrDefault(arriving) + cells) > highest)
            {
                Assert.Equal(arriving, victim);
            }

            Assert.True(victim == arriving || Bin(weights[victim]) == highest, $"{victim} is not one of the heaviest.");
            Assert.Equal(at, _model.FindIndex(e => e.Source == victim));
            _model.RemoveAt(at);
            lost.Dequeue();
        }
    }

    private static int Bin(int weight) => BitOperations.Log2((uint)weight);

    private void CheckTaken(FairRing ring, int lane, List<(string Source, long Serial, byte[] Bytes)> got)
    {
        foreach (var (source, serial, bytes) in got)
        {
            var at = _model.FindIndex(e => ring.LaneOf(Encoding.UTF8.GetBytes(e.Source)) == lane);
            Assert.Equal((_model[at].Source, _model[at].Serial), (source, serial));
            Assert.Equal(_model[at].Bytes, bytes);
            _model.RemoveAt(at);
        }
    }

    private sealed record Held(string Source, long Serial, byte[] Bytes);
}
