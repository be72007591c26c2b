using System.Net;
using Loggregator.TestKit.WebSockets;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

public sealed class HandshakeTests : WebSocketTest
{
    [Theory]
    [InlineData("GET", "", HttpStatusCode.BadRequest, "Bad Request\n", "Connection")]
    [InlineData("POST", "", HttpStatusCode.BadRequest, "Bad Request\n", "Connection")]
    [InlineData("GET", "Connection: Upgrade", HttpStatusCode.BadRequest, "Bad Request\n", "Upgrade")]
    [InlineData("GET", "Connection: Upgrade|Upgrade: h2c", HttpStatusCode.BadRequest, "Bad Request\n", "websocket")]
    [InlineData("POST", "Connection: Upgrade|Upgrade: websocket", HttpStatusCode.MethodNotAllowed, "Method Not Allowed\n", "GET")]
    [InlineData("GET", "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 8", HttpStatusCode.BadRequest, "Bad Request\n", "Version")]
    [InlineData("GET", "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13", HttpStatusCode.BadRequest, "Bad Request\n", "Key")]
    [InlineData("GET", "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHN=", HttpStatusCode.BadRequest, "Bad Request\n", "Key")]
    public async Task Handshake_ThatIsNone_IsRefusedAndSaysWhy(string method, string headers, HttpStatusCode status, string body, string reason)
    {
        await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/firehose/s");
        foreach (var header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(h => h.Split(": ")))
        {
            request.Headers.TryAddWithoutValidation(header[0], header[1]);
        }

        using var response = await Host.Http.SendAsync(request, Cancel);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("13", Assert.Single(response.Headers.GetValues("Sec-WebSocket-Version")));
        Assert.Contains(reason, Assert.Single(response.Headers.GetValues("X-Loggregator-Error")), StringComparison.Ordinal);
        Assert.Empty(Doppler.Opens);
    }

    [Theory]
    [InlineData("/firehose/")]
    [InlineData("/firehose")]
    [InlineData("/firehose/a/")]
    [InlineData("/firehose/a/b")]
    [InlineData("/firehose/a%2Fb")]
    [InlineData("/apps/a/stream/")]
    [InlineData("/apps//stream")]
    [InlineData("/apps/a")]
    [InlineData("/apps/a/tail")]
    public async Task Path_ThatIsNone_IsNotFound(string path)
    {
        await StartAsync();
        using var response = await Host.Http.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("404 page not found\n", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("Connection: keep-alive, Upgrade", "Upgrade: WebSocket")]
    [InlineData("Connection: upgrade", "Upgrade: websocket")]
    public async Task Tokens_InListsAndOfAnyCase_AreUnderstood(string connection, string upgrade)
    {
        await StartAsync();
        using var client = await RawWebSocket.OpenAsync(Host.HttpPort, "/firehose/s", Cancel, null, connection, upgrade);
        Assert.StartsWith("HTTP/1.1 101 ", client.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limit_OfWebSockets_IsAnsweredWith503()
    {
        await StartAsync(configure: options => options.MaxWebSockets = 1);
        using var first = await OpenAsync("/firehose/s");
        using var second = await RawWebSocket.OpenAsync(Host.HttpPort, "/firehose/s", Cancel);
        Assert.StartsWith("HTTP/1.1 503 ", second.Head, StringComparison.Ordinal);
        Assert.Equal(1, Host.Counters.RejectedWebSockets);
    }
}
