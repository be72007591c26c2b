using Google.Protobuf;
using Grpc.Core;
using Loggregator.IntegrationTests.TrafficController;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Queries that ask for too much, callers that leave, Dopplers that fail while they are asked.</summary>
public sealed class HostileTests
{
    private const string Query = "/prometheus/api/v1/query";
    private const string Up = """{"metric":{"__name__":"up","source_id":"a"},"value":[100,"1"]}""";

    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queries_ThatAskForTooMuch_AreRefusedAndTheNextIsServed()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        doppler.OnReadSeries = (_, frames, _) => WriteAsync(frames, [.. Enumerable.Range(0, 200).Select(i => Series("up", "a", 500, i.ToString()))]);
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.MaxQuerySamples = 99_000);
        foreach (var (query, status, error) in new[]
                 {
                     (new string('1', 1024 * 1024), 400, "query is too long"),
                     (new string('(', 100_000) + "1" + new string(')', 100_000), 400, "parse error"),
                     (new string('(', 100_000), 400, "parse error"),
                     (string.Join('+', Enumerable.Repeat("1", 50_000)), 400, "parse error"),
                     ("{__name__=~\".+\"}", 422, "query processing would load too many samples into memory in query execution"),
                     ("sum_over_time(vector(1)[1y:1ms])", 422, "query processing would load too many samples into memory in query execution"),
                     ("up{a=~\"(((x{1000}){1000}){1000})\"}", 400, "invalid repeat count"),
                     ("up{a=~\"" + string.Concat(Enumerable.Repeat("(.*x)", 5000)) + "\"}", 400, "expression"),
                 })
        {
            using var form = new FormUrlEncodedContent([new("query", query), new("time", "100")]);
            using var answer = await host.Http.PostAsync(Query, form, Patience);
            var body = await answer.Content.ReadAsStringAsync(Patience);
            Assert.Contains(error, body, StringComparison.Ordinal);
            Assert.Equal(status, (int)answer.StatusCode);
        }

        using var large = new FormUrlEncodedContent([new("query", new string('1', 3 * 1024 * 1024))]);
        using var refused = await host.Http.PostAsync(Query, large, Patience);
        Assert.Equal(400, (int)refused.StatusCode);
        doppler.OnReadSeries = (_, frames, _) => WriteAsync(frames, Series("up", "a", 1));
        await AssertUpAsync(host, "");
    }

    [Fact]
    public async Task Bytes_ThatAllQueriesTake_AreBounded()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        doppler.OnReadSeries = (_, frames, _) => WriteAsync(frames, [.. Enumerable.Range(0, 3000).Select(i => Series("up", "a", 1, i.ToString()))]);
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.QueryBytes = 1024 * 1024);
        for (var round = 0; round < 3; round++)
        {
            using var answer = await host.Http.GetAsync(Query + "?query=up", Patience);
            Assert.Equal(422, (int)answer.StatusCode);
        }

        doppler.OnReadSeries = (_, frames, _) => WriteAsync(frames, Series("up", "a", 1)); // nothing stays charged
        await AssertUpAsync(host, "");
    }

    [Fact]
    public async Task Caller_WhoLeaves_EndsTheWork()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        var (asked, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        doppler.OnReadSeries = async (_, frames, call) =>
        {
            await WriteAsync(frames, Series("up", "a", 1));
            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.CancellationToken).ContinueWith(_ => ended.TrySetResult(), TaskScheduler.Default);
        };
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Patience);
        var query = host.Http.GetAsync(Query + "?query=up", leave.Token);
        await Eventually.WithinAsync(asked.Task.ContinueWith(_ => true, TaskScheduler.Default), "the Doppler is asked");
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        await Eventually.WithinAsync(ended.Task.ContinueWith(_ => true, TaskScheduler.Default), "the Doppler is left alone");
        await Eventually.TrueAsync(() => host.Counters is { QueriesOpen: 0, FailedQueries: 1 }, "the query has ended");
    }

    [Fact]
    public async Task Query_ThatTakesTooLong_IsTimedOut()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        doppler.OnReadSeries = (_, _, call) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.CancellationToken);
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var answer = await host.Http.GetAsync(Query + "?query=up&timeout=100ms", Patience);
        Assert.Equal(
            """{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}""", await answer.Content.ReadAsStringAsync(Patience));
        Assert.Equal(503, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Queries_ThatAreTooMany_WaitOrAreRefused()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        var free = new TaskCompletionSource();
        var asked = 0;
        doppler.OnReadSeries = async (_, frames, _) =>
        {
            Interlocked.Increment(ref asked);
            await free.Task;
            await WriteAsync(frames, Series("up", "a", 1));
        };
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => (options.MaxQueries, options.MaxWaitingQueries) = (1, 1));
        var running = host.Http.GetAsync(Query + "?query=up&time=100", Patience);
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) == 1, "the first query runs");
        var waiting = host.Http.GetAsync(Query + "?query=up&time=100", Patience);
        await Eventually.TrueAsync(() => host.Counters.QueriesOpen == 2, "the second query waits");
        using var refused = await host.Http.GetAsync(Query + "?query=up&time=100", Patience);
        Assert.Equal(
            """{"status":"error","errorType":"unavailable","error":"too many queries at a time: try again later"}""", await refused.Content.ReadAsStringAsync(Patience));
        Assert.Equal((503, 1), ((int)refused.StatusCode, Volatile.Read(ref asked)));
        free.SetResult();
        foreach (var query in new[] { running, waiting })
        {
            using var answer = await query;
            Assert.Contains(Up, await answer.Content.ReadAsStringAsync(Patience), StringComparison.Ordinal);
        }

        Assert.Equal(1, host.Counters.RefusedQueries);
    }

    [Theory]
    [InlineData("breaks")]
    [InlineData("garbage")]
    [InlineData("backwards")]
    [InlineData("missing")]
    public async Task Doppler_ThatFailsDuringAQuery_IsLeftOutAndToldOf(string fault)
    {
        await using var well = await FakeDoppler.StartAsync();
        await using var bad = await FakeDoppler.StartAsync();
        well.OnReadSeries = (_, frames, _) => WriteAsync(frames, Series("up", "a", 1));
        bad.OnReadSeries = fault switch
        {
            "breaks" => async (_, frames, call) =>
            {
                await WriteAsync(frames, Series("up", "b", 1));
                call.GetHttpContext().Abort();
            }
            ,
            "garbage" => async (_, frames, _) =>
            {
                using var garbage = MessageBuffer.Rent(10);
                garbage.Write([10, 3, 255, 255, 255, 255]);
                await frames.WriteAsync(garbage);
            }
            ,
            "backwards" => (_, frames, _) => WriteAsync(frames, new SeriesSamples { Name = "up", SourceId = "b", TimeSteps = { 90_000, -1 }, Values = { 1, 1 } }),
            _ => null,
        };
        await using var host = await TrafficControllerHost.StartAsync([well, bad]);
        await AssertUpAsync(host, ""","warnings":["partial result: 1 of 2 Dopplers answered"]""");
        Assert.Equal(1, host.Counters.PartialQueries);
        using var federation = await host.Http.GetAsync("/prometheus/federate?match[]=up", Patience);
        Assert.Equal("partial result: 1 of 2 Dopplers answered", federation.Headers.GetValues("X-Loggregator-Partial").Single());
        using var dialect = await host.Http.GetAsync("/api/v1/query?query=up{source_id=%22a%22}&time=100", Patience);
        Assert.Equal(500, (int)dialect.StatusCode); // it reads timers too, which neither answers
        await well.KillAsync();
        await Eventually.TrueAsync(() => host.Counters.DopplersAttached == 1, "one Doppler is gone");
        using var none = await host.Http.GetAsync(Query + "?query=up", Patience);
        Assert.Equal("""{"status":"error","errorType":"unavailable","error":"none of 2 Dopplers answered"}""", await none.Content.ReadAsStringAsync(Patience));
        Assert.Equal(503, (int)none.StatusCode);
    }

    [Fact]
    public async Task Doppler_ThatFallsSilentDuringAQuery_IsLeftOut()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(1));
        var asked = 0;
        await using var well = await FakeDoppler.StartAsync();
        await using var slow = await FakeDoppler.StartAsync();
        well.OnReadSeries = (_, frames, _) => WriteAsync(frames, Series("up", "a", 1));
        slow.OnReadSeries = async (_, frames, call) =>
        {
            await WriteAsync(frames, Series("up", "b", 1));
            Interlocked.Increment(ref asked);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.CancellationToken);
        };
        await using var host = await TrafficControllerHost.StartAsync([well, slow], time: time);
        for (var round = 1; ; round++)
        {
            var reading = host.Http.GetAsync(Query + "?query=up&time=100", Patience);
            await Eventually.TrueAsync(() => Volatile.Read(ref asked) == round, "the slow Doppler is asked");
            time.Advance(TimeSpan.FromSeconds(20));
            using var answer = await Eventually.WithinAsync(reading, "an answer");
            if ((int)answer.StatusCode == 503)
            {
                continue; // the other Doppler's answer was still on its way when time was up
            }

            var body = await answer.Content.ReadAsStringAsync(Patience);
            Assert.Equal($$$"""{"status":"success","data":{"resultType":"vector","result":[{{{Up}}}]},"warnings":["partial result: 1 of 2 Dopplers answered"]}""", body);
            return;
        }
    }

    [Fact]
    public async Task Doppler_ThatTellsMoreThanItWasAskedFor_ShowsNobodyMore()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        var sources = new List<string>();
        doppler.OnReadSeries = (request, frames, _) =>
        {
            sources.Add(string.Join(',', request.SourceIds.Order()));
            return WriteAsync(frames, Series("up", "a", 1), Series("up", "secret", 1), Series("down", "a", 1));
        };
        await using var host = await TrafficControllerHost.StartAsync(
            [doppler], services: services => services.AddSingleton<CallerScope>(_ => SourceScope.Of(["a", "b"])));
        await AssertUpAsync(host, "");
        using var literal = await host.Http.GetAsync(Query + "?query=up{source_id=~%22b|secret%22}&time=100", Patience);
        Assert.Contains("\"result\":[]", await literal.Content.ReadAsStringAsync(Patience), StringComparison.Ordinal);
        using var nobody = await host.Http.GetAsync(Query + "?query=up{source_id=%22secret%22}&time=100", Patience);
        Assert.Contains("\"result\":[]", await nobody.Content.ReadAsStringAsync(Patience), StringComparison.Ordinal);
        Assert.Equal(["a,b", "b"], sources);
    }

    private static async Task AssertUpAsync(TrafficControllerHost host, string warnings)
    {
        using var answer = await host.Http.GetAsync(Query + "?query=up&time=100", Patience);
        Assert.Equal($$$"""{"status":"success","data":{"resultType":"vector","result":[{{{Up}}}]}{{{warnings}}}}""", await answer.Content.ReadAsStringAsync(Patience));
    }

    // Samples up to 90 s.
    private static SeriesSamples Series(string name, string source, int samples, string tag = "")
    {
        var series = new SeriesSamples { Name = name, SourceId = source, Kind = SeriesSamples.Types.Kind.Gauge };
        series.TimeSteps.Add(90_000 - (samples - 1));
        series.TimeSteps.Add(Enumerable.Repeat(1L, samples - 1));
        series.Values.Add(Enumerable.Repeat(1.0, samples));
        if (tag.Length > 0)
        {
            series.Tags.Add("tag", tag);
        }

        return series;
    }

    private static async Task WriteAsync(IServerStreamWriter<MessageBuffer> frames, params SeriesSamples[] series)
    {
        var frame = new SeriesFrame { DopplerId = "doppler", Series = { series } };
        using var message = MessageBuffer.Rent(frame.CalculateSize());
        frame.WriteTo(message);
        await frames.WriteAsync(message);
    }
}
