using Loggregator.Nozzle.Spool;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

public sealed class RecordRangesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AnyOperations_AgreeWithASetOfNumbers(int seed)
    {
        var random = new Random(seed);
        var (ranges, set) = (new RecordRanges(), new HashSet<ulong>());
        for (var step = 0; step < 3000; step++)
        {
            var from = (ulong)random.Next(100);
            var range = new RecordRange(from, from + (ulong)random.Next(12));
            var numbers = Enumerable.Range((int)range.From, (int)range.Count).Select(number => (ulong)number).ToList();
            Assert.Equal((ulong)numbers.Count(set.Contains), ranges.CountIn(range));
            Assert.Equal(numbers.TrueForAll(set.Contains), ranges.Covers(range));
            if (random.Next(2) == 0)
            {
                Assert.Equal((ulong)numbers.Count(set.Add), ranges.Add(range));
            }
            else
            {
                ranges.Remove(range);
                set.ExceptWith(numbers);
            }

            var at = (ulong)random.Next(120);
            var outside = at;
            while (set.Contains(outside))
            {
                outside++;
            }

            Assert.Equal(outside, ranges.NextOutside(at));
            Assert.Equal(set.Where(number => number >= at).Append(ulong.MaxValue).Min(), ranges.NextInside(at));
            Assert.Equal(set.Count == 0 ? 0 : set.Max() + 1, ranges.End);
            Assert.All(ranges.Ranges.Zip(ranges.Ranges.Skip(1)), pair => Assert.True(pair.First.To < pair.Second.From));
        }
    }
}
