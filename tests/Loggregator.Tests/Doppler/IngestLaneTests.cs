using Loggregator.Doppler.Ingest;
using Xunit;

namespace Loggregator.Tests.Doppler;

public sealed class IngestLaneTests
{
    [Fact]
    public void Batch_ThatIsHeld_IsKnownAgain()
    {
        var lane = new IngestLane();
        Assert.False(lane.Holds(1));
        lane.Hold(1);
        lane.Hold(2);

        Assert.True(lane.Holds(1));
        Assert.True(lane.Holds(2));
        Assert.False(lane.Holds(3));
    }

    [Fact]
    public void Batch_ThatWasSkipped_IsTakenWhenItComesLate()
    {
        var lane = new IngestLane();
        lane.Hold(1);
        lane.Hold(5); // 2 to 4 went to another Doppler
        Assert.False(lane.Holds(3));
        lane.Hold(3);

        Assert.True(lane.Holds(3));
        Assert.False(lane.Holds(2));
        Assert.True(lane.Holds(5));
    }

    [Fact]
    public void Lane_AgainstASet_AgreesWithinTheWindow()
    {
        var random = new Random(7);
        var lane = new IngestLane();
        var held = new HashSet<ulong>();
        ulong highest = 0;
        for (var step = 0; step < 20_000; step++)
        {
            var n = highest + (ulong)random.Next(random.Next(100) == 0 ? 6000 : 5);
            n = random.Next(4) == 0 && n > 200 ? n - (ulong)random.Next(200) : n;
            if (n == 0)
            {
                continue;
            }

            if (n <= highest && highest - n < 4096)
            {
                Assert.Equal(held.Contains(n), lane.Holds(n));
            }

            lane.Hold(n);
            held.Add(n);
            highest = Math.Max(highest, n);
        }
    }
}
