using System.Globalization;
using Grpc.Core;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

public sealed class DopplerEgressTests() : DopplerTest(options => options.LogBytes = 4 * 1024 * 1024)
{
    [Fact]
    public async Task Receiver_GetsEachEnvelopeAsAMessage()
    {
        using var call = _doppler.Egress.Receiver(new EgressRequest { Selectors = { Some.Logs() } }, cancellationToken: DopplerHost.Patience);
        await call.ResponseHeadersAsync;
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Log("a", "2"));

        Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        Assert.Equal("1", call.ResponseStream.Current.Log.Payload.ToStringUtf8());
        Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        Assert.Equal("2", call.ResponseStream.Current.Log.Payload.ToStringUtf8());
    }

    [Fact]
    public async Task LoneEnvelope_ArrivesWithoutFurtherTraffic()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        for (var i = 0; i < 20; i++)
        {
            await _doppler.SendAsync(Some.Log("a", i.ToString(CultureInfo.InvariantCulture)));
            await reader.UntilAsync(i + 1);
        }
    }

    [Fact]
    public async Task ReaderThatStops_IsToldExactlyWhatItMissed_AndOthersMissNothing()
    {
        using var stuck = await _doppler.ReadAsync(Some.Logs(), Some.Counters());
        using var keepsUp = await _doppler.ReadAsync(Some.Logs());
        const int Batches = 300, PerBatch = 100;
        for (var batch = 0; batch < Batches; batch++)
        {
            await _doppler.SendAsync([.. Enumerable.Range(0, PerBatch).Select(i => Some.Log("a", new string('x', 400)))]);
            await keepsUp.UntilAsync((batch + 1) * PerBatch);
        }

        await _doppler.SendAsync(Some.Log("end", "end"));
        await stuck.UntilAsync("end");
        var got = stuck.Received.Count(envelope => envelope.Log is not null);
        var told = stuck.Received.Where(envelope => envelope.Counter is { Name: "dropped" }).ToArray();

        Assert.NotEmpty(told);
        Assert.Equal(Batches * PerBatch, got + told.Sum(gap => (long)gap.Counter.Delta));
        Assert.All(told, gap => Assert.Equal(("a", "0", "doppler", "evicted"), (gap.SourceId, gap.InstanceId, gap.Tags["hop"], gap.Tags["reason"])));
        Assert.True(_doppler.Counters.LogBytes <= _doppler.Counters.LogBudget);
    }

    [Fact]
    public async Task Envelope_TooLargeForTheReaders_IsDroppedForThemAndTold()
    {
        await using var doppler = await DopplerHost.StartAsync(options => options.MaxEgressMessageBytes = 4 * 1024 * 1024);
        using var reader = await doppler.ReadAsync(Some.Logs(), Some.Counters());
        await doppler.SendAsync(Some.Log("a", "1"), Some.Log("a", new string('x', 5 * 1024 * 1024)), Some.Log("a", "2"));
        await reader.UntilAsync(3);

        var gap = Assert.Single(reader.Received, envelope => envelope.Counter is not null);
        Assert.Equal((1UL, "too_large"), (gap.Counter.Delta, gap.Tags["reason"]));
        Assert.Equal("2", reader.Received[^1].Log.Payload.ToStringUtf8());
        await doppler.AssertConservationAsync();
    }

    [Fact]
    public async Task SameShardId_SplitsTheMatchesAndAnotherIdGetsItsOwn()
    {
        using var first = await ReadShardAsync("one", "", Some.Logs());
        using var second = await ReadShardAsync("one", "", Some.Logs());
        using var other = await ReadShardAsync("two", "", Some.Logs());
        await _doppler.SendAsync([.. Enumerable.Range(0, 1000).Select(i => Some.Log("a", i.ToString(CultureInfo.InvariantCulture)))]);
        await other.UntilAsync(1000);
        await DopplerHost.UntilAsync(() => _doppler.Counters.Delivery.Written == 2000, "both groups have been served");

        var (one, two) = (await CountAsync(first), await CountAsync(second));
        Assert.Equal(1000, one + two);
        Assert.InRange(one, 400, 600);
    }

    [Fact]
    public async Task SameShardId_WithDifferentSelectors_IsNotACommonShard()
    {
        using var first = await ReadShardAsync("one", "", Some.Logs());
        using var second = await ReadShardAsync("one", "", Some.Logs("a"), Some.Counters("a"));
        await _doppler.SendAsync(Some.Log("a", "x"), Some.Log("b", "y"), Some.Counter("a", "c"));

        await first.UntilAsync(2);
        await second.UntilAsync(2);
    }

    [Fact]
    public async Task DeterministicNames_SendEqualCounterNamesToOneMember()
    {
        using var blue = await ReadShardAsync("one", "blue", Some.Counters());
        using var black = await ReadShardAsync("one", "black", Some.Counters());
        using var all = await ReadShardAsync("two", "", Some.Counters());
        await _doppler.SendAsync([.. Enumerable.Range(0, 20).Select(i => Some.Counter("s", i % 2 == 0 ? "hash" : "other-hash"))]);

        Assert.All((await blue.UntilAsync(10)).Received, envelope => Assert.Equal("other-hash", envelope.Counter.Name));
        Assert.All((await black.UntilAsync(10)).Received, envelope => Assert.Equal("hash", envelope.Counter.Name));
        await all.UntilAsync(20);
    }

    [Fact]
    public async Task PlannedStop_LetsReadersReadToTheHead()
    {
        var doppler = await DopplerHost.StartAsync();
        using var reader = await doppler.ReadAsync(Some.Logs());
        await doppler.SendAsync([.. Enumerable.Range(0, 5000).Select(i => Some.Log("a", new string('y', 300)))]);
        var stopping = doppler.App.StopAsync(DopplerHost.Patience);
        await reader.UntilAsync(5000);
        var end = await Assert.ThrowsAsync<RpcException>(() => reader.UntilAsync(5001));
        await stopping;

        Assert.Equal(StatusCode.Unavailable, end.StatusCode);
        await doppler.DisposeAsync();
    }

    private Task<EgressReader> ReadShardAsync(string shardId, string name, params Selector[] selectors) =>
        _doppler.ReadAsync(new EgressBatchRequest { ShardId = shardId, DeterministicName = name, Selectors = { selectors } });

    // Everything has been written: what it got is what arrives before an envelope that goes to every member.
    private static async Task<int> CountAsync(EgressReader reader)
    {
        var count = 0;
        while (await reader.TryNextAsync(TimeSpan.FromMilliseconds(500)))
        {
            count++;
        }

        return count;
    }
}
