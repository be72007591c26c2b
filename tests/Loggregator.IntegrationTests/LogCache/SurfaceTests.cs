using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Loggregator.Protocol.LogCache;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.LogCache;

/// <summary>The two surfaces over HTTP: paths, methods, parameters and refusals.</summary>
public sealed class SurfaceTests : LogCacheTest
{
    [Fact]
    public async Task Paths_OfBothSurfaces_AreTheOriginals()
    {
        await StartAsync();
        await Cluster.Produce(Cluster.Dopplers[0]).SendAsync([Line("some-source/id", 1), Line("some-source-id", 2), Line("ä ö", 3), Line("a+b", 4)], Patience);
        foreach (var (path, gateway, api) in new (string, string, string)[]
                 {
                     ("/api/v1/read/some-source%2Fid?start_time=1", "1", "1"),
                     ("/api/v1/read/some-source/id?start_time=1&end_time=10&limit=10&envelope_types=LOG&envelope_types=EVENT", "1", "404"),
                     ("/api/v1/read/some-source-id", "2", "2"),
                     ("/api/v1/read/%C3%A4%20%C3%B6", "3", "3"),
                     ("/api/v1/read/a+b", "4", "4"),
                     ("/api/v1/read/a%2bb?startTime=4&endTime=5&envelopeTypes=1&descending=T&unknown=x&source_id=other", "4", "4"),
                     ("/api/v1/read/", "", "404"),
                     ("/api/v1/reads/a", "404", "404"),
                     ("/api/v1/META", "404", "404"),
                     ("/api/v1/", "404", "404"),
                 })
        {
            Assert.Equal((path, gateway), (path, await AskAsync(Gateway(path))));
            Assert.Equal((path, api), (path, await AskAsync(Api(path))));
        }

        Assert.Equal("""{"code":5,"message":"Not Found","details":[]}""" + "\n", await BodyAsync(HttpMethod.Get, Gateway("/")));
        Assert.Equal("404 page not found\n", await BodyAsync(HttpMethod.Get, Api("/api/v1/nothing")));
    }

    [Fact]
    public async Task Meta_OfTheTwoSurfaces_DiffersAsTheOriginalsDo()
    {
        await StartAsync();
        Assert.Equal("{}\n", await BodyAsync(HttpMethod.Get, Api("/api/v1/meta")));
        Assert.Equal("""{"meta":{}}""" + "\n", await BodyAsync(HttpMethod.Get, Gateway("/api/v1/meta")));
        await Cluster.Produce(Cluster.Dopplers[0]).SendAsync([Line("b", 0), Line("a\"", 7), Line("a\"", 8)], Patience);
        using var meta = await Http.GetAsync(Api("/api/v1/meta"), Patience);
        Assert.Equal("text/plain; charset=utf-8", meta.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            """{"meta":{"a\"":{"count":"2","oldestTimestamp":"7","newestTimestamp":"8"},"b":{"count":"1"}}}""" + "\n",
            await meta.Content.ReadAsStringAsync(Patience));
        const string Full = """
            {"meta":{"a\"":{"count":"2","expired":"0","oldest_timestamp":"7","newest_timestamp":"8"},"b":{"count":"1","expired":"0","oldest_timestamp":"0","newest_timestamp":"0"}}}
            """;
        foreach (var local in (string[])["", "?local_only=true", "?localOnly=0"])
        {
            Assert.Equal(Full + "\n", await BodyAsync(HttpMethod.Get, Gateway("/api/v1/meta" + local)));
        }

        Assert.Equal(
            """{"code":3,"message":"parsing field \"local_only\": strconv.ParseBool: parsing \"yes\": invalid syntax","details":[]}""" + "\n",
            await BodyAsync(HttpMethod.Get, Gateway("/api/v1/meta?local_only=yes")));
    }

    [Fact]
    public async Task Methods_OtherThanGetAndAPostedForm_AreRefused()
    {
        await StartAsync();
        await Cluster.Produce(Cluster.Dopplers[0]).SendAsync([Line("a", 1), Line("a", 2), Line("a", 3)], Patience);
        const string Refused = """{"code":12,"message":"Method Not Allowed","details":[]}""" + "\n";
        foreach (var surface in (Func<string, Uri>[])[Gateway, Api])
        {
            Assert.Equal("2", await AskAsync(surface("/api/v1/read/a?limit=1"), Form("start_time=2")));
            Assert.Equal("400", await AskAsync(surface("/api/v1/read/a?limit=1"), Form("limit=2")));
            Assert.Equal("400", await AskAsync(surface("/api/v1/read/a"), Form(new string('x', 100_000))));
            Assert.Equal(Refused, await BodyAsync(HttpMethod.Delete, surface("/api/v1/read/a")));
            Assert.Equal(Refused, await BodyAsync(HttpMethod.Post, surface("/api/v1/read/a")));
            Assert.Equal("501", await AskAsync(surface("/api/v1/read/a"), new StringContent("{}", Encoding.UTF8, "application/json")));
        }
    }

    [Fact]
    public async Task Garbage_InsteadOfRequests_LeavesBothSurfacesServing()
    {
        await StartAsync();
        var random = new Random(20);
        foreach (var port in new[] { Cluster.TrafficControllers[0].HttpPort, Cluster.TrafficControllers[0].GatewayPort })
        {
            for (var round = 0; round < 40; round++)
            {
                var bytes = new byte[random.Next(1, 3000)];
                random.NextBytes(bytes);
                await TalkAsync(port, end: true, [.. round % 2 == 0 ? "GET /api/v1/read/"u8.ToArray() : [], .. bytes]);
            }

            Assert.Contains("invalid URL escape", await TalkAsync(port, end: false, "GET /api/v1/read/a%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray()), StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 200", await TalkAsync(port, end: false, "GET http://x/api/v1/read/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray()), StringComparison.Ordinal);
        }

        Assert.Equal("", await AskAsync(Api("/api/v1/read/a")));
        Assert.Equal("", await AskAsync(Gateway("/api/v1/read/a?" + string.Join('&', Enumerable.Repeat("envelope_types=LOG", 200)))));
        Assert.Equal("400", await AskAsync(Gateway("/api/v1/read/a?limit=%zz")));
        Assert.Equal("400", await AskAsync(Gateway("/api/v1/read/a?limit=1;2")));
    }

    private static async Task<string> TalkAsync(int port, bool end, byte[] bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Patience);
        using var answer = new MemoryStream();
        try
        {
            var stream = client.GetStream();
            await stream.WriteAsync(bytes, Patience);
            if (end)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            await stream.CopyToAsync(answer, Patience);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Cut off is an answer, too.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    // The timestamps of what was read, or the status of a refusal.
    private async Task<string> AskAsync(Uri uri, HttpContent? form = null)
    {
        using var response = form is null ? await Http.GetAsync(uri, Patience) : await Http.PostAsync(uri, form, Patience);
        var body = await response.Content.ReadAsStringAsync(Patience);
        return response.IsSuccessStatusCode
            ? string.Join(' ', JsonParser.Default.Parse<ReadResponse>(body).Envelopes.Batch.Select(envelope => envelope.Timestamp))
            : ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<string> BodyAsync(HttpMethod method, Uri uri)
    {
        using var request = new HttpRequestMessage(method, uri);
        using var response = await Http.SendAsync(request, Patience);
        return await response.Content.ReadAsStringAsync(Patience);
    }

    private static StringContent Form(string body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded") } };

    private static Envelope Line(string source, long timestamp) => new() { SourceId = source, Timestamp = timestamp, Log = new Log() };
}
