using CsCheck;
using Loggregator.Pipeline.Flow;
using Xunit;

namespace Loggregator.Tests.Pipeline.Flow;

public sealed class SendPaceTests
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void AfterAPause_AFewGoAtOnce_ThenOneAGap()
    {
        var pace = new SendPace();
        var now = TimeSpan.FromSeconds(1);
        for (var i = 0; i < 4; i++)
        {
            Assert.True(pace.Next(Gap) <= now);
            pace.Sent(now, Gap);
        }

        Assert.Equal(now + Gap, pace.Next(Gap));
        pace.Sent(now + Gap, Gap);
        Assert.Equal(now + (2 * Gap), pace.Next(Gap));
    }

    [Fact]
    public void LoneMessages_NeverWait()
    {
        var pace = new SendPace();
        for (var now = TimeSpan.FromSeconds(1); now < TimeSpan.FromSeconds(2); now += 2 * Gap)
        {
            Assert.True(pace.Next(Gap) <= now);
            pace.Sent(now, Gap);
        }
    }

    [Fact]
    public void SenderThatAlwaysHasSomething_SendsOneAGapAndAFew() =>
        Gen.Select(Gen.Int[0, 20_000].Array[1, 200], Gen.Int[0, 20]).Sample((pauses, gapMilliseconds) =>
        {
            var (pace, gap) = (new SendPace(), TimeSpan.FromMilliseconds(gapMilliseconds));
            var (now, start) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
            foreach (var pause in pauses)
            {
                now = now > pace.Next(gap) ? now : pace.Next(gap);
                pace.Sent(now, gap);
                now += TimeSpan.FromMicroseconds(pause);
            }

            var sent = pauses.Length;
            Assert.True((sent - 4) * gap <= now - start);
        });
}
