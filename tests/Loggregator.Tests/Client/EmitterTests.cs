using System.Text;
using Grpc.Core;
using Loggregator.Client.Emit;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Client;

public sealed class EmitterTests
{
    [Fact]
    public async Task Add_Envelopes_ArriveInOrderAndAreConfirmed()
    {
        var agent = new FakeAgent();
        await using var emitter = new Emitter(agent);
        for (var i = 0; i < 2500; i++)
        {
            Assert.True(Add(emitter, i));
        }

        await emitter.CompleteAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => "line " + i), agent.Lines);
        Assert.Equal((2500L, 2500L, 0L, 0L), (emitter.Accepted, emitter.Sent, emitter.Lost, emitter.Dropped));
    }

    [Fact]
    public async Task Add_BufferFull_DropsAndCounts()
    {
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(agent, new EmitterOptions { CapacityBytes = 100 });
        var accepted = Enumerable.Range(0, 50).Count(i => Add(emitter, i));
        Assert.InRange(accepted, 1, 49);
        Assert.False(emitter.HasRoom);
        agent.Hold.SetResult();
        await emitter.CompleteAsync(TestContext.Current.CancellationToken);
        Assert.Equal(accepted, emitter.Sent);
        Assert.Equal(50 - accepted, emitter.Dropped);
    }

    [Fact]
    public async Task Send_AgentUnavailable_IsTriedAgainInOrder()
    {
        var time = new FakeTimeProvider();
        var agent = new FakeAgent { Failures = 2 };
        await using var emitter = new Emitter(agent, new EmitterOptions { RetryFor = TimeSpan.FromDays(1000) }, time); // the driver below outruns any limit
        Add(emitter, 1);
        var done = emitter.CompleteAsync(TestContext.Current.CancellationToken);
        while (!done.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await done;
        Assert.Equal(["line 1"], agent.Lines);
        Assert.Equal(1, emitter.Sent);
    }

    [Fact]
    public async Task Send_RefusedForGood_IsCountedAsLostWithTheReason()
    {
        var agent = new FakeAgent { Failures = 1, Status = new Status(StatusCode.PermissionDenied, "not you") };
        await using var emitter = new Emitter(agent);
        Add(emitter, 1);
        await emitter.CompleteAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0L, 1L, "it answered PermissionDenied: not you"), (emitter.Sent, emitter.Lost, emitter.LastError));
    }

    [Fact]
    public async Task Complete_DeadlinePassed_CountsWhatIsHeldAsLost()
    {
        var agent = new FakeAgent { Failures = int.MaxValue };
        await using var emitter = new Emitter(agent, null, new FakeTimeProvider());
        Add(emitter, 1);
        Add(emitter, 2);
        await emitter.CompleteAsync(new CancellationToken(canceled: true));
        Assert.Equal((2L, 0L, 2L), (emitter.Accepted, emitter.Sent, emitter.Lost));
    }

    private static bool Add(Emitter emitter, int number) =>
        emitter.TryAdd(number, static (writer, i) => EnvelopeWriter.Log(writer, 1, "source"u8, "0"u8, Encoding.UTF8.GetBytes("line " + i)));

    /// <summary>Takes batches as an agent does, or fails as told.</summary>
    private sealed class FakeAgent : CallInvoker
    {
        public List<string> Lines { get; } = [];

        public int Failures { get; set; }

        public Status Status { get; init; } = new(StatusCode.Unavailable, "gone");

        public TaskCompletionSource? Hold { get; init; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            new(AnswerAsync<TResponse>((MessageBuffer)(object)request), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        private async Task<TResponse> AnswerAsync<TResponse>(MessageBuffer batch)
        {
            await Task.Yield();
            if (Hold is not null)
            {
                await Hold.Task;
            }

            if (Failures > 0)
            {
                Failures--;
                throw new RpcException(Status);
            }

            var sent = global::Loggregator.Protocol.V2.EnvelopeBatch.Parser.ParseFrom(batch.Span);
            Lines.AddRange(sent.Batch.Select(envelope => envelope.Log.Payload.ToStringUtf8()));
            return (TResponse)(object)MessageBuffer.Rent(0);
        }
    }
}
