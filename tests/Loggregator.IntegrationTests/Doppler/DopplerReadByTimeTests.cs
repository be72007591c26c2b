using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

public sealed class DopplerReadByTimeTests() : DopplerTest(null)
{
    [Fact]
    public async Task ByTime_OfManyFrames_ComesInTheOrderAskedFor()
    {
        for (var i = 0; i < 20; i++)
        {
            await _doppler.SendAsync([.. Enumerable.Range(0, 100).Select(n => Line("a", ((i * 100) + n) ^ 3, bytes: 1000)), Line("b", i)]);
        }

        await DopplerHost.UntilAsync(() => _doppler.Counters.Appended == 2020, "all is appended");
        var newest = await ReadAsync(new TimeOrder { SourceId = "a", EndTime = long.MaxValue, Limit = 1500, Descending = true });
        Assert.Equal(Enumerable.Range(500, 1500).Reverse().Select(n => (long)n), newest);
        Assert.Equal([5, 6, 7], await ReadAsync(new TimeOrder { SourceId = "b", StartTime = 5, EndTime = 8, Limit = 10 }));
        Assert.Empty(await ReadAsync(new TimeOrder { SourceId = "nobody", EndTime = 8, Limit = 10 }));
        Assert.Empty(await ReadAsync(new TimeOrder { SourceId = "b", EndTime = 8, Limit = 10, Types_ = { 3, 4, 70 } }));
        Assert.Equal(3, (await ReadAsync(new TimeOrder { SourceId = "b", EndTime = 3, Limit = 10, Types_ = { 1 }, MaxBytes = 1000 })).Count);
    }

    [Fact]
    public async Task ByTime_OfNothingSensible_IsRefusedInWords()
    {
        await _doppler.SendAsync(Line("a", 1), Line("a", 2));
        foreach (var (order, code, why) in new (TimeOrder, StatusCode, string)[]
                 {
                     (new TimeOrder { SourceId = "a" }, StatusCode.InvalidArgument, "The limit is 0"),
                     (new TimeOrder { SourceId = "a", Limit = uint.MaxValue }, StatusCode.InvalidArgument, "The limit is 4294967295"),
                     (new TimeOrder { SourceId = "a", Limit = 1, NameFilter = "(?=a)" }, StatusCode.InvalidArgument, "The name filter is no regular expression"),
                     (new TimeOrder { SourceId = "a", Limit = 1, NameFilter = "((a{900}){900}){900}" }, StatusCode.InvalidArgument, "The name filter"),
                     (new TimeOrder { SourceId = "a", EndTime = 9, Limit = 9, MaxBytes = 20 }, StatusCode.ResourceExhausted, "more than 20 bytes"),
                 })
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(order));
            Assert.Equal(code, refusal.StatusCode);
            Assert.Contains(why, refusal.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ByTime_WhoseReaderGoes_IsAccountedFor()
    {
        for (var i = 0; i < 50; i++)
        {
            await _doppler.SendAsync([.. Enumerable.Range(0, 50).Select(n => Line("a", n, bytes: 4000))]);
        }

        using var gone = new CancellationTokenSource();
        using var call = Calls().Read(
            new ReadRequest { ByTime = new TimeOrder { SourceId = "a", EndTime = long.MaxValue, Limit = 5000 } }, cancellationToken: gone.Token);
        Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        await gone.CancelAsync();
    }

    private async Task<List<long>> ReadAsync(TimeOrder order)
    {
        using var call = Calls().Read(new ReadRequest { ByTime = order }, cancellationToken: DopplerHost.Patience);
        List<long> timestamps = [];
        await foreach (var frame in call.ResponseStream.ReadAllAsync(DopplerHost.Patience))
        {
            Assert.NotEmpty(frame.DopplerId);
            timestamps.AddRange(frame.Batch.Select(envelope => envelope.Timestamp));
        }

        return timestamps;
    }

    private Protocol.Internal.Doppler.DopplerClient Calls() => new(_doppler.Channel());

    private static Envelope Line(string source, long timestamp, int bytes = 1) => new()
    {
        SourceId = source,
        Timestamp = timestamp,
        Log = new Log { Payload = Google.Protobuf.ByteString.CopyFrom(new byte[bytes]) },
    };
}
