using Google.Protobuf;
using Grpc.Core;
using Loggregator.IntegrationTests.TrafficController;
using Loggregator.PromQl.Evaluation;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Metrics;
using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Dopplers that do not carry out an aggregation as they should.</summary>
public sealed class PushDownFaultTests : IAsyncDisposable
{
    private readonly List<FakeDoppler> _dopplers = [];
    private TrafficControllerHost? _host;

    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        foreach (var doppler in _dopplers)
        {
            await doppler.DisposeAsync();
        }
    }

    [Fact]
    public async Task DopplerThatBreaksOff_IsLeftOut_AndTold()
    {
        var result = await SumAsync(
            (_, frames, _) => WriteAsync(frames, Answer(2, 1)),
            async (_, frames, _) =>
            {
                await WriteAsync(frames, Answer(40, 2, complete: false));
                throw new RpcException(new Status(StatusCode.Internal, "broken"));
            });
        Assert.Equal((2, "partial result: 1 of 2 Dopplers answered"), (Value(result), Assert.Single(result.Annotations).Text));
    }

    [Fact]
    public async Task DopplerThatEndsTooEarly_IsLeftOut_AndTold()
    {
        var result = await SumAsync((_, frames, _) => WriteAsync(frames, Answer(2, 1)), (_, frames, _) => WriteAsync(frames, Answer(40, 2, complete: false)));
        Assert.Equal((2, "partial result: 1 of 2 Dopplers answered"), (Value(result), Assert.Single(result.Annotations).Text));
    }

    [Fact]
    public async Task DopplerThatBreaksOff_WhenItIsAskedAnew_IsLeftOut_AndTold()
    {
        var result = await SumAsync(
            (request, frames, _) => WriteAsync(frames, request.WithoutProducers.Count == 0 ? Answer(2, 1, 7) : Answer(1, 1)),
            (request, frames, _) => request.WithoutProducers.Count == 0 ? WriteAsync(frames, Answer(40, 2, 7)) : throw new RpcException(new Status(StatusCode.Internal, "broken")));
        Assert.Equal(1, Value(result));
        Assert.Contains(result.Annotations, remark => remark.Text == "partial result: 1 of 2 Dopplers answered");
    }

    [Fact]
    public async Task DopplerThatKnowsNoAggregation_IsReadAsBefore()
    {
        var result = await SumAsync((_, frames, _) => WriteAsync(frames, Answer(2, 1)), null);
        Assert.Equal(110, Value(result));
        Assert.Empty(result.Annotations);
    }

    [Fact]
    public async Task DopplersThatNeverAgree_AreReadAsBefore()
    {
        ulong next = 100;
        Func<AggregateSeriesRequest, IServerStreamWriter<MessageBuffer>, ServerCallContext, Task> answer =
            (request, frames, _) => WriteAsync(frames, Answer(2, (uint)request.WithoutProducers.Count + next));
        Assert.Equal(110, Value(await SumAsync(answer, answer)));
    }

    private static double Value(QueryResult result) => Assert.Single(result.Series).Samples.Span[0].Value;

    private static AggregateFrame Answer(double sum, params ReadOnlySpan<ulong> producers) => Answer(sum, complete: true, producers);

    private static AggregateFrame Answer(double sum, ulong producer, bool complete) => Answer(sum, complete, producer);

    private static AggregateFrame Answer(double sum, bool complete, params ReadOnlySpan<ulong> producers) =>
        new() { Complete = complete, Samples = 1, Producers = { producers.ToArray() }, Groups = { new AggregateGroup { Values = { sum } } } };

    private static async Task WriteAsync(IServerStreamWriter<MessageBuffer> frames, IMessage frame)
    {
        using var message = MessageBuffer.Rent(frame.CalculateSize());
        frame.WriteTo(message);
        await frames.WriteAsync(message);
    }

    // Their series come to 110: 10 here and 100 there.
    private async Task<QueryResult> SumAsync(params Func<AggregateSeriesRequest, IServerStreamWriter<MessageBuffer>, ServerCallContext, Task>?[] answers)
    {
        foreach (var answer in answers)
        {
            var doppler = await FakeDoppler.StartAsync();
            var place = _dopplers.Count;
            doppler.OnAggregateSeries = answer;
            doppler.OnReadSeries = (request, frames, _) => request.Producers.Count > 0 ? WriteAsync(frames, new SeriesFrame()) : WriteAsync(frames, new SeriesFrame
            {
                Series = { new SeriesSamples { Name = "x", SourceId = "app-" + place, TimeSteps = { 1000 }, Values = { place == 0 ? 10 : 100 } } },
            });
            _dopplers.Add(doppler);
        }

        _host = await TrafficControllerHost.StartAsync([.. _dopplers]);
        using var reading = _host.Metrics.Open(SourceScope.Everything);
        return await new Engine(new EngineOptions(), TimeProvider.System).QueryAsync(reading, "sum(x)", 2000, Patience);
    }
}
