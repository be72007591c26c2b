using Google.Protobuf;
using Grpc.Core;
using Loggregator.IntegrationTests.TrafficController;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.LogCache;

/// <summary>Dopplers that are slow, break off, answer too much, garbage or nothing: the others' answer counts, and says that it is partial.</summary>
public sealed class FaultyDopplerTests
{
    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Doppler_ThatDoesNotAnswerInTime_IsLeftOut()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(1));
        var asked = 0;
        await using var well = await FakeDoppler.StartAsync();
        await using var slow = await FakeDoppler.StartAsync();
        well.OnRead = (_, frames, _) => WriteAsync(frames, 1, 2);
        slow.OnRead = async (_, frames, call) =>
        {
            await WriteAsync(frames, 3);
            Interlocked.Increment(ref asked);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.CancellationToken);
        };
        await using var host = await TrafficControllerHost.StartAsync([well, slow], time: time);
        for (var round = 1; ; round++)
        {
            var reading = host.Http.GetAsync("/api/v1/read/a", Patience);
            await Eventually.TrueAsync(() => Volatile.Read(ref asked) == round, "the slow Doppler is asked");
            time.Advance(TimeSpan.FromSeconds(10));
            var response = await Eventually.WithinAsync(reading, "an answer");
            if ((int)response.StatusCode == 503)
            {
                response.Dispose();
                continue; // the other Doppler's answer was still on its way when time was up
            }

            await AssertAsync(response, "1 of 2", 1, 2);
            Assert.Equal(1, host.Counters.PartialReads);
            return;
        }
    }

    [Theory]
    [InlineData("breaks")]
    [InlineData("garbage")]
    [InlineData("old")]
    [InlineData("missing")]
    public async Task Doppler_ThatDoesNotFinish_IsLeftOut(string fault)
    {
        await using var well = await FakeDoppler.StartAsync();
        await using var bad = await FakeDoppler.StartAsync();
        well.OnRead = (_, frames, _) => WriteAsync(frames, 1, 2);
        bad.OnRead = fault switch
        {
            "breaks" => async (_, frames, call) =>
            {
                await WriteAsync(frames, 3);
                call.GetHttpContext().Abort();
            }
            ,
            "garbage" => async (_, frames, _) =>
            {
                using var garbage = MessageBuffer.Rent(10);
                garbage.Write([255, 255, 255, 255, 255, 255]);
                await frames.WriteAsync(garbage);
            }
            ,
            "old" => async (_, frames, _) => await WriteAsync(frames, new ReadFrame { DopplerId = "of the version before" }),
            _ => null,
        };
        await using var host = await TrafficControllerHost.StartAsync([well, bad]);
        await AssertAsync(await host.Http.GetAsync("/api/v1/read/a", Patience), "1 of 2", 1, 2);
    }

    [Fact]
    public async Task Dopplers_NoneOfWhichAnswers_AreNoEmptyAnswer()
    {
        await using var bad = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([bad]);
        using var response = await host.Http.GetAsync("/api/v1/read/a", Patience);
        Assert.Equal(503, (int)response.StatusCode);
        Assert.Equal(
            """{"code":14,"message":"failed to find route for request. please try again","details":[]}""" + "\n", await response.Content.ReadAsStringAsync(Patience));
    }

    [Fact]
    public async Task Doppler_WhoseFilterHasNothing_IsAskedForWhatCameSince()
    {
        await using var holder = await FakeDoppler.StartAsync();
        await using var other = await FakeDoppler.StartAsync();
        var positions = new List<ulong>();
        holder.OnRead = (_, frames, _) => WriteAsync(frames, 1, 3);
        other.OnRead = (request, frames, _) =>
        {
            positions.Add(request.ByTime.FromPosition);
            return WriteAsync(frames, 2);
        };
        other.Append(new Envelope { SourceId = "b" }.ToByteArray());
        await using var host = await TrafficControllerHost.StartAsync([holder, other]);
        other.Announce("b");
        await Eventually.TrueAsync(() => host.Dopplers.Nodes.Any(node => node.Attachment.Held is not null), "the announcement has come");
        await AssertAsync(await host.Http.GetAsync("/api/v1/read/a", Patience), null, 1, 2, 3);
        await AssertAsync(await host.Http.GetAsync("/api/v1/read/b", Patience), null, 1, 2, 3);
        Assert.Equal([1, 0], positions);
    }

    [Fact]
    public async Task Answers_ThatAreTooLargeTogether_AreRefusedSoThatClientsAskForFewer()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        doppler.OnRead = async (_, frames, _) =>
        {
            for (var i = 0; i < 10; i++)
            {
                await WriteAsync(frames, [.. Enumerable.Repeat(1L, 2000)]);
            }
        };
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => (options.HistoryBytes, options.ReadBytes) = (65536, 65536));
        for (var round = 0; round < 3; round++)
        {
            using var refused = await host.Http.GetAsync("/api/v1/read/a", Patience);
            Assert.Equal(429, (int)refused.StatusCode);
        }

        doppler.OnRead = (request, frames, _) =>
        {
            Assert.Equal(65536UL, request.ByTime.MaxBytes);
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "too much"));
        };
        using var refusedThere = await host.Http.GetAsync("/api/v1/read/a", Patience);
        Assert.Equal(429, (int)refusedThere.StatusCode);
        doppler.OnRead = (_, frames, _) => WriteAsync(frames, 1); // nothing stays charged
        await AssertAsync(await host.Http.GetAsync("/api/v1/read/a", Patience), null, 1);
    }

    private static async Task AssertAsync(HttpResponseMessage response, string? partial, params long[] timestamps)
    {
        using (response)
        {
            Assert.Equal(200, (int)response.StatusCode);
            var body = await response.Content.ReadAsStringAsync(Patience);
            var read = JsonParser.Default.Parse<Protocol.LogCache.ReadResponse>(body);
            Assert.Equal(timestamps, read.Envelopes.Batch.Select(envelope => envelope.Timestamp));
            Assert.Equal(partial, response.Headers.TryGetValues("X-Loggregator-Partial", out var values) ? values.Single() : null);
        }
    }

    private static Task WriteAsync(IServerStreamWriter<MessageBuffer> frames, params long[] timestamps) => WriteAsync(frames, new ReadFrame
    {
        ByTime = true,
        Batch = { timestamps.Select(timestamp => new Envelope { SourceId = "a", Timestamp = timestamp, Log = new Log() }) },
    });

    private static async Task WriteAsync(IServerStreamWriter<MessageBuffer> frames, ReadFrame frame)
    {
        using var message = MessageBuffer.Rent(frame.CalculateSize());
        frame.WriteTo(message);
        await frames.WriteAsync(message);
    }
}
