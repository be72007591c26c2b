using Loggregator.Pipeline.Log;
using Xunit;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class WaterLevelTests
{
    [Fact]
    public void Level_OverAnySources_IsFeasibleAndWithinAFactorOfTwoOfTheFairest()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var level = new WaterLevel();
            var held = new long[random.Next(1, 300)];
            for (var change = 0; change < 1000; change++)
            {
                var source = random.Next(held.Length);
                var now = (long)Math.Pow(2, random.NextDouble() * 24);
                level.Change(held[source], now);
                held[source] = now;
            }

            Assert.Equal(held.Count(bytes => bytes > 0), level.Holders);
            var sum = held.Sum();
            var half = sum / 2;
            var found = level.LevelFor(half);
            Assert.True(held.Sum(bytes => Math.Min(bytes, found)) <= half);
            Assert.True(held.Sum(bytes => Math.Min(bytes, (found * 2) + 2)) >= half - held.Length, $"round {round}: {found} is too low");
        }
    }

    [Fact]
    public void Level_ForMoreThanIsHeld_HasNoLimit()
    {
        var level = new WaterLevel();
        level.Change(0, 100);

        Assert.Equal(long.MaxValue, level.LevelFor(1000));
    }
}
