using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Sharding;
using Xunit;

namespace Loggregator.Tests.Pipeline.Sharding;

public sealed class HeldFilterTests
{
    [Fact]
    public void Filter_OfManySources_MissesNoneAndSeldomErrs()
    {
        var filter = HeldFilter.Create(5000);
        for (var i = 0; i < 5000; i++)
        {
            HeldFilter.Add(filter, HeldFilter.Hashes, Id(i));
        }

        Assert.All(Enumerable.Range(0, 5000), i => Assert.True(HeldFilter.MayHold(filter, HeldFilter.Hashes, Id(i))));
        Assert.InRange(Enumerable.Range(5000, 20_000).Count(i => HeldFilter.MayHold(filter, HeldFilter.Hashes, Id(i))), 0, 400);
    }

    [Fact]
    public void Filter_Empty_HoldsNothing() => Assert.False(HeldFilter.MayHold([], HeldFilter.Hashes, Id(1)));

    private static byte[] Id(int i) => Encoding.UTF8.GetBytes("source-" + i.ToString(CultureInfo.InvariantCulture));
}
