using Loggregator.Load.Accounting;
using Xunit;

namespace Loggregator.IntegrationTests.Load;

public sealed class SequenceSetTests
{
    [Fact]
    public void Add_OfAShuffledRange_FindsEachDuplicateAndEachLateOne()
    {
        var numbers = Enumerable.Range(1, 1000).Select(n => (ulong)n).ToArray();
        new Random(7).Shuffle(numbers);
        var set = default(SequenceSet);
        var highest = 0UL;
        foreach (var number in numbers)
        {
            Assert.True(set.Add(number, out var late));
            Assert.Equal(number < highest, late);
            highest = Math.Max(highest, number);
        }

        Assert.All(numbers, n => Assert.False(set.Add(n, out _)));
    }
}
