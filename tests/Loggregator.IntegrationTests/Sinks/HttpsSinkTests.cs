using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Loggregator.Nozzle.Delivery;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

public sealed class HttpsSinkTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => NginxPeer.StartAsync("https");

    [Fact]
    public async Task Request_IsTheOriginals()
    {
        await using var fake = HttpsFake.Answering(200);
        await using var run = new SinkRun($"https://user:pass%20word@localhost:{fake.Port}/a/b?token=x&drain-data=all", keys: fake.Authority);
        run.Source.Append(new NumberedLog("app-0", 1).Envelope());
        await DeliveredAsync(run, 1);
        var (headers, body) = Assert.Single(fake.Requests);
        Assert.Equal("text/plain", headers["Content-Type"]);
        Assert.Equal("fasthttp", headers["User-Agent"]);
        Assert.Equal("Basic " + Convert.ToBase64String("user:pass word"u8), headers["Authorization"]);
        Assert.Equal(body.Length.ToString(CultureInfo.InvariantCulture), headers["Content-Length"]);
        Assert.Equal("<14>1 2023-11-14T22:13:20.000001+00:00 - app-0 [APP/0] - [tags@47450 source_type=\"APP\"] <app-0#1>\n", body);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(401)]
    [InlineData(307)]
    [InlineData(404)]
    public async Task Status_ThatTimeOrTheOperatorCures_IsTriedAgain(int status)
    {
        await using var fake = HttpsFake.Answering(200, status, status, 200);
        await using var run = new SinkRun($"https://localhost:{fake.Port}/", keys: [fake.Authority, ("retry-max", "50ms")]);
        run.Source.Append(NumberedLog.Envelopes(1, 5));
        await DeliveredAsync(run, 5);
        Assert.Equal([1, 2, 2, 2, 3, 4, 5], fake.Requests.SelectMany(request => NumberedLog.Find(request.Body)).Select(log => log.Number));
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), run.Counters.LastFailure!.Reason, StringComparison.Ordinal);
        Assert.Empty(run.DeadLetters);
    }

    [Fact]
    public async Task Success_WithAnErrorInItsBody_IsASuccess()
    {
        await using var fake = new HttpsFake((context, _) => context.Response.WriteAsync("{\"error\":\"" + new string('x', 1_000_000) + "\"}"));
        await using var run = new SinkRun($"https://localhost:{fake.Port}/", keys: fake.Authority);
        run.Source.Append(NumberedLog.Envelopes(1, 20));
        await DeliveredAsync(run, 20);
        Assert.Equal(20, fake.Requests.Count);
    }

    [Fact]
    public async Task RetryAfter_IsWaitedFor()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var asked = 0;
        await using var fake = new HttpsFake((context, _) =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = "40";
            }

            return Task.CompletedTask;
        });
        await using var run = new SinkRun($"https://localhost:{fake.Port}/", time: time, keys: fake.Authority);
        run.Source.Append(NumberedLog.Envelopes(1, 1));
        await Deadline.UntilAsync(() => run.Counters.State == SinkState.Retrying, () => run.Shown, Cancel);
        time.Advance(TimeSpan.FromSeconds(39));
        Assert.Single(fake.Requests);
        await Deadline.UntilAsync(() => run.Source.Delivered == 1, () => run.Shown, Cancel, each: () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        });
        Assert.Equal(2, fake.Requests.Count);
    }

    [Theory]
    [InlineData("expired", "", "expired on")]
    [InlineData("server", "logs.example.com", "does not name 'logs.example.com'")]
    public async Task Certificate_ThatIsNotGood_IsRefusedWithTheReason(string certificate, string name, string reason)
    {
        await using var fake = new HttpsFake((_, _) => Task.CompletedTask, certificate);
        await using var run = new SinkRun($"https://localhost:{fake.Port}/", keys: name.Length > 0 ? [fake.Authority, ("server-name", name)] : [fake.Authority]);
        run.Source.Append(NumberedLog.Envelopes(1, 1));
        await Deadline.UntilAsync(() => run.Counters.LastFailure is not null, () => "it did not fail", Cancel);
        Assert.Contains(reason, run.Counters.LastFailure!.Reason, StringComparison.Ordinal);
        Assert.Empty(fake.Requests);
    }

    [Fact]
    public async Task Authority_ThatIsNotTrusted_IsRefused()
    {
        await using var fake = HttpsFake.Answering(200);
        await using var run = new SinkRun($"https://localhost:{fake.Port}/");
        run.Source.Append(NumberedLog.Envelopes(1, 1));
        await Deadline.UntilAsync(() => run.Counters.LastFailure is not null, () => "it did not fail", Cancel);
        Assert.Contains("does not trust its certificate", run.Counters.LastFailure!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_ThatResetsInMidMessage_GetsItAgain()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var run = new SinkRun($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/", keys: ("retry-max", "20ms"));
        run.Source.Append(NumberedLog.Envelopes(1, 1));
        for (var i = 0; i < 3; i++)
        {
            using var client = await listener.AcceptSocketAsync(Cancel);
            await client.ReceiveAsync(new byte[10], SocketFlags.None, Cancel);
            client.LingerState = new LingerOption(true, 0);
        }

        Assert.Equal(0, run.Source.Delivered);
        Assert.NotNull(run.Counters.LastFailure);
    }
}

public sealed class HttpsBatchSinkTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => NginxPeer.StartAsync("https-batch");

    [Fact]
    public async Task Batch_HoldsMessagesInOrderAndIsCutBySize()
    {
        await using var fake = HttpsFake.Answering(200);
        await using var run = new SinkRun($"https-batch://localhost:{fake.Port}/#batch-bytes=1000&batch-interval=10ms", keys: fake.Authority);
        run.Source.Append(NumberedLog.Envelopes(1, 15, padding: 350));
        await DeliveredAsync(run, 15);
        Assert.InRange(fake.Requests.Count, 3, 10);
        Assert.All(fake.Requests, request => Assert.EndsWith("\n", request.Body, StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(1, 15), fake.Requests.SelectMany(request => NumberedLog.Find(request.Body)).Select(log => log.Number));
        run.Source.Append(NumberedLog.Envelopes(1, 1, from: 16));
        await DeliveredAsync(run, 16);
    }

    [Theory]
    [InlineData(413, "too_large")]
    [InlineData(400, "refused")]
    public async Task Content_ThatIsRefused_IsFoundByHalvingAndTheRestArrivesOnce(int status, string reason)
    {
        await using var fake = new HttpsFake((context, body) =>
        {
            context.Response.StatusCode = body.Contains("<app-0#37>", StringComparison.Ordinal) ? status : 200;
            return Task.CompletedTask;
        });
        await using var run = new SinkRun($"https-batch://localhost:{fake.Port}/#batch-interval=10ms", keys: fake.Authority);
        run.Source.Append(NumberedLog.Envelopes(1, 100));
        await DeliveredAsync(run, 100);
        Assert.Single(run.DeadLetters);
        Assert.Equal(99, run.Counters.Delivered);
        Assert.Contains(reason == "too_large" ? "413" : "400", run.DeadLetters[0], StringComparison.Ordinal);
        var accepted = fake.Requests.Where(request => !request.Body.Contains("<app-0#37>", StringComparison.Ordinal)).SelectMany(request => NumberedLog.Find(request.Body));
        Assert.Equal(Enumerable.Range(1, 100).Where(number => number != 37), accepted.Select(log => log.Number));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Body_Compressed_IsReadByItsEncoding(string encoding)
    {
        await using var fake = new HttpsFake((_, _) => Task.CompletedTask, decode: stream =>
        {
            using var reader = new StreamReader(encoding == "gzip" ? new GZipStream(stream, CompressionMode.Decompress) : new ZstdSharp.DecompressionStream(stream), Encoding.UTF8);
            return reader.ReadToEnd();
        });
        await using var run = new SinkRun($"https-batch://localhost:{fake.Port}/#batch-interval=10ms&compression={encoding}&format=json", keys: fake.Authority);
        run.Source.Append(NumberedLog.Envelopes(2, 50));
        await DeliveredAsync(run, 100);
        Assert.All(fake.Requests, request => Assert.Equal(encoding, request.Headers["Content-Encoding"]));
        Assert.All(fake.Requests, request => Assert.Equal("application/x-ndjson", request.Headers["Content-Type"]));
        Assert.Equal(100, fake.Requests.SelectMany(request => request.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries)).SelectMany(JsonLines.Logs).Distinct().Count());
    }
}
