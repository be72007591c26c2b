using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// The opening handshake (RFC 6455, 4.2). No subprotocol and no extension is ever agreed on, and the origin is not looked at: old clients
/// send one of their own making. Refusals are those of the original, byte for byte; why, says a header.
/// </summary>
internal static class Handshake
{
    private const string ReasonHeader = "X-Loggregator-Error";
    private static ReadOnlySpan<byte> KeySuffix => "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8;

    /// <summary>Whether the request asks for a WebSocket as it should; if not, it is answered.</summary>
    public static async ValueTask<bool> IsAskedForAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var (status, reason) =
            !HasToken(headers.Connection, "upgrade") ? (400, "the header Connection does not have the token upgrade")
            : !HasToken(headers.Upgrade, "websocket") ? (400, "the header Upgrade does not have the token websocket")
            : !HttpMethods.IsGet(context.Request.Method) ? (405, "the method is not GET")
            : !HasToken(headers.SecWebSocketVersion, "13") ? (400, "the header Sec-WebSocket-Version is not 13")
            : !IsKey(headers.SecWebSocketKey) ? (400, "the header Sec-WebSocket-Key is not 16 bytes in base64")
            : context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } ? (400, "this connection is not HTTP/1.1, or the request has a body")
            : (0, "");
        if (status == 0)
        {
            return true;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.SecWebSocketVersion = "13";
        context.Response.Headers[ReasonHeader] = reason;
        await context.Response.WriteAsync(status == 400 ? "Bad Request\n" : "Method Not Allowed\n", context.RequestAborted);
        return false;
    }

    /// <summary>Answers with 101; the stream carries frames from here on.</summary>
    public static Task<Stream> AcceptAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = Accept(context.Request.Headers.SecWebSocketKey.ToString());
        return context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>What proves to the client that it is understood.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 prescribes SHA-1; nothing is protected by it.")]
    public static string Accept(string key) => Convert.ToBase64String(SHA1.HashData([.. Encoding.ASCII.GetBytes(key), .. KeySuffix]));

    private static bool HasToken(StringValues header, string token)
    {
        foreach (var value in header)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan(range).Trim().Equals(token, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsKey(StringValues header) =>
        header is [{ Length: 24 } key] && Base64.IsValid(key, out var length) && length == 16;
}
