using Grpc.Core;
using Loggregator.Protocol.Internal;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

public sealed class DopplerIngestTests : DopplerTest
{
    [Fact]
    public async Task Batches_AreAnsweredWithTheHighestNumber()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        using var call = Open(_doppler);
        await GreetAsync(call);
        Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        Assert.NotEmpty(call.ResponseStream.Current.DopplerId);
        Assert.NotEqual(0UL, call.ResponseStream.Current.Incarnation);
        for (ulong n = 1; n <= 50; n++)
        {
            await SendAsync(call, n);
        }

        await AnsweredAsync(call, 50);
        await reader.UntilAsync(50);
    }

    [Fact]
    public async Task Batch_SentAgain_IsDroppedAndAnswered()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        using (var first = Open(_doppler))
        {
            await GreetAsync(first);
            await SendAsync(first, 1);
            await SendAsync(first, 2);
            await AnsweredAsync(first, 2);
        }

        using var second = Open(_doppler);
        await GreetAsync(second);
        await SendAsync(second, 2, resent: true);
        await SendAsync(second, 3);
        var answer = await AnsweredAsync(second, 3);

        Assert.Equal(1UL, answer.Duplicates);
        Assert.Equal(["1", "2", "3"], (await reader.UntilAsync(3)).Logs);
        Assert.Equal(1, _doppler.Counters.DuplicateBatches);
    }

    [Fact]
    public async Task Agent_IdleOnItsLane_GetsHeartbeats()
    {
        using var call = Open(_doppler);
        await GreetAsync(call);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        }
    }

    [Fact]
    public async Task Stream_ThatDoesNotGreet_IsRefused()
    {
        using var call = Open(_doppler);
        await SendAsync(call, 1);
        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(DopplerHost.Patience));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Fact]
    public async Task PlannedStop_IsToldAndWhatTheAgentStillSendsIsTaken()
    {
        var doppler = await DopplerHost.StartAsync();
        using var reader = await doppler.ReadAsync(Some.Logs());
        using var call = Open(doppler);
        await GreetAsync(call);
        await SendAsync(call, 1);
        await AnsweredAsync(call, 1);
        var stopping = doppler.App.StopAsync(DopplerHost.Patience);
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        }
        while (!call.ResponseStream.Current.Leaving);

        await SendAsync(call, 2);
        await AnsweredAsync(call, 2);
        await call.RequestStream.CompleteAsync();
        await reader.UntilAsync(2);
        await stopping;
        await doppler.DisposeAsync();
    }

    private static AsyncDuplexStreamingCall<IngestBatch, IngestAnswer> Open(DopplerHost doppler) =>
        new Loggregator.Protocol.Internal.Doppler.DopplerClient(doppler.Channel()).Ingest(cancellationToken: DopplerHost.Patience);

    private static Task GreetAsync(AsyncDuplexStreamingCall<IngestBatch, IngestAnswer> call) =>
        call.RequestStream.WriteAsync(new IngestBatch { Hello = new IngestHello { AgentId = "agent", Epoch = 7, Lane = 1, Protocol = 1 } }, DopplerHost.Patience);

    private static Task SendAsync(AsyncDuplexStreamingCall<IngestBatch, IngestAnswer> call, ulong n, bool resent = false) =>
        call.RequestStream.WriteAsync(new IngestBatch { N = n, Resent = resent, Batch = { Some.Log("a", n.ToString(System.Globalization.CultureInfo.InvariantCulture)) } }, DopplerHost.Patience);

    private static async Task<IngestAnswer> AnsweredAsync(AsyncDuplexStreamingCall<IngestBatch, IngestAnswer> call, ulong n)
    {
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        }
        while (call.ResponseStream.Current.Appended < n);

        return call.ResponseStream.Current;
    }
}
