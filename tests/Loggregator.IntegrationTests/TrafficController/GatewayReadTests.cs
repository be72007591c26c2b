using System.Net;
using System.Text;
using Google.Protobuf;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

public sealed class GatewayReadTests
{
    [Theory]
    [InlineData("GET", "/v2/read", 400, """{"message":"query cannot be empty","error":"empty_query"}""")]
    [InlineData("GET", "/v2/read?", 400, """{"message":"query cannot be empty","error":"empty_query"}""")]
    [InlineData("GET", "/v2/read?a;b", 400, """{"message":"query cannot be empty","error":"empty_query"}""")]
    [InlineData("GET", "/v2/read?shard_id=x", 400, """{"message":"query must provide at least one envelope type","error":"missing_envelope_type"}""")]
    [InlineData("POST", "/v2/read?log", 405, """{"message":"method not allowed","error":"method_not_allowed"}""")]
    [InlineData("POST", "/v2/read", 405, """{"message":"method not allowed","error":"method_not_allowed"}""")]
    public async Task Read_BadRequest_IsRefusedByteForByte(string method, string path, int status, string body)
    {
        await using var host = await TrafficControllerHost.StartAsync([]);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(body + "\n\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Read_OtherPath_IsNotFound()
    {
        await using var host = await TrafficControllerHost.StartAsync([]);
        using var response = await host.Http.GetAsync("/v2/read/?log", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("404 page not found\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Read_BareEnvelope_IsSpelledOutWithTheThreeHeaders()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?log");
        Assert.Equal(HttpStatusCode.OK, client.Response.StatusCode);
        Assert.Equal("text/event-stream", client.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache", client.Response.Headers.CacheControl!.ToString());
        Assert.Equal("keep-alive", client.Response.Headers.Connection.ToString());

        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(new Envelope { Log = new Log() }.ToByteArray());
        var read = await client.ReadAsync();
        Assert.Equal(
            """{"batch":[{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"log":{"payload":"","type":"OUT"}}]}""",
            read!.Data);
        Assert.Null(read.Name);
        Assert.Null(read.Id);
    }

    [Fact]
    public async Task Read_GaugeOfZero_IsPrinted()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?gauge");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(new Envelope { Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Unit = "percent" } } } }.ToByteArray());
        Assert.Contains("""{"unit":"percent","value":0}""", (await client.ReadAsync())!.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_DeprecatedTags_ArePreferredAlways()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?log");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(new Envelope { Log = new Log(), DeprecatedTags = { ["a"] = new Value { Text = "b" } } }.ToByteArray());
        Assert.Contains("\"deprecated_tags\":{},\"tags\":{\"a\":\"b\"}", (await client.ReadAsync())!.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ShardAndDeterministicName_AreForwarded()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?log&shard_id=s&deterministic_name=d");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        var open = Assert.Single(doppler.Opens);
        Assert.Equal("s", open.ShardId);
        Assert.Equal("d", open.DeterministicName);
        Assert.Equal(Protocol.Internal.Sharing.Original, open.Sharing);
    }

    [Fact]
    public async Task Read_Idle_CarriesHeartbeatsThenCloses()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        var time = new FakeTimeProvider();
        await using var host = await TrafficControllerHost.StartAsync([doppler], time: time);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?log");
        var reading = client.ReadAsync();
        await AdvanceUntilAsync(time, reading);
        var heartbeat = await reading;
        Assert.Equal("heartbeat", heartbeat!.Name);
        Assert.All(heartbeat.Data, digit => Assert.True(char.IsAsciiDigit(digit)));

        SseEvent? last = heartbeat;
        while (last!.Name == "heartbeat")
        {
            reading = client.ReadAsync();
            await AdvanceUntilAsync(time, reading);
            last = await reading;
        }

        Assert.Equal("closing", last.Name);
        Assert.Equal("closing due to stream timeout", last.Data);
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Read_TwoTypesOfOneSource_DeliversBoth()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?source_id=a&log&counter.name=x");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Log("a", "one"), Sample.Counter("a", "y"), Sample.Log("b", "two"), Sample.Counter("a", "x"));
        List<string> kinds = [];
        while (kinds.Count < 2)
        {
            kinds.AddRange((await client.ReadAsync())!.Batch.Select(e => e.TryGetProperty("log", out _) ? "log" : "counter"));
        }

        Assert.Equal(["log", "counter"], kinds);
        client.Dispose();
        await Eventually.TrueAsync(() => host.Counters.SseStreams == 0 && doppler.Subscriptions == 0, "the subscription is closed");
        host.AssertConservation();
    }

    [Fact]
    public async Task Read_GapOfLogs_IsALineOfTypeLgr()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?log&source_id=a");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.TellGap("a", 1204);
        var gap = Assert.Single((await client.ReadAsync())!.Batch);
        Assert.Equal("LGR", gap.GetProperty("tags").GetProperty("source_type").GetString());
        Assert.StartsWith(
            "1,204 envelopes lost (doppler: evicted)", Encoding.UTF8.GetString(gap.GetProperty("log").GetProperty("payload").GetBytesFromBase64()), StringComparison.Ordinal);

        doppler.Append(Sample.GapRecord("a", 7));
        gap = Assert.Single((await client.ReadAsync())!.Batch);
        Assert.Equal("7 envelopes lost (agent: ring_full)", Encoding.UTF8.GetString(gap.GetProperty("log").GetProperty("payload").GetBytesFromBase64()));
        Assert.Equal(1211, host.Counters.ToldLost);
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Task task)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken));
        }
    }
}
