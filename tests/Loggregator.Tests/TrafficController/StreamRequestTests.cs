using Loggregator.TrafficController.Streams.Sse;
using Loggregator.TrafficController.Upstream;
using Xunit;

namespace Loggregator.Tests.TrafficController;

public sealed class StreamRequestTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 22, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Key_OtherOrder_IsTheSame() => Assert.Equal(
        Key("?source_id=a&source_id=b&log&gauge.name=x,y"), Key("?source_id=b&source_id=a&gauge.name=y,x&log"));

    [Theory]
    [InlineData("?log", "?event")]
    [InlineData("?log", "?log&source_id=a")]
    [InlineData("?log&source_id=a", "?log&source_id=a&source_id=a")]
    [InlineData("?counter", "?counter.name=x")]
    [InlineData("?gauge.name=x,y", "?gauge.name=x%2Cy&gauge.name=x")]
    [InlineData("?gauge.name=x,y", "?gauge.name=x&gauge.name=y")]
    [InlineData("?log&source_id=1:a,1:b", "?log&source_id=1:a&source_id=1:b")]
    public void Key_OtherSelectors_IsAnother(string one, string other) => Assert.NotEqual(Key(one), Key(other));

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5h", 5400)]
    [InlineData("2d", 172_800)]
    [InlineData("2026-08-22T13:59:30Z", 30)]
    [InlineData("2026-08-22T15:59:30+02:00", 30)]
    [InlineData("1787407170000000000", 30)]
    public void Since_AsPeopleWriteIt_IsUnderstood(string text, int secondsAgo)
    {
        Assert.True(TimeText.TryParse(text, Now, out var timestamp));
        Assert.Equal(Now.AddSeconds(-secondsAgo), DateTimeOffset.UnixEpoch.AddTicks(timestamp / 100));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10x")]
    [InlineData("m")]
    [InlineData("yesterday")]
    [InlineData("9999999999d")]
    public void Since_Nonsense_IsRefused(string text)
    {
        var read = TimeText.TryParse(text, Now, out var timestamp);
        Assert.True(!read || timestamp == 10); // a bare number is UNIX nanoseconds
    }

    [Fact]
    public void Gaps_AreAskedFor_WhereOnlyLogLinesCanTellThem()
    {
        Assert.True(Gaps("?log"));
        Assert.False(Gaps("?log&counter"));
        Assert.False(Gaps("?log&counter.name=dropped"));
        Assert.True(Gaps("?log&counter.name=other"));
        Assert.False(Gaps("?gauge"));
    }

    private static bool Gaps(string query) => Read(query).Gaps;

    private static string Key(string query) => Read(query).Key;

    private static StreamRequest Read(string query)
    {
        Assert.Null(ReadQuery.TryRead(new QueryPairs(query), 1, out var request));
        return request!;
    }
}
