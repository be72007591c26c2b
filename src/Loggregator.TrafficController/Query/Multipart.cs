using Loggregator.Protocol.Grpc;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Query;

/// <summary>
/// Envelopes of version 1 in the form that old clients know: parts without headers; the boundary is the last parameter and not quoted, because
/// they take everything behind <c>boundary=</c>.
/// </summary>
internal static class Multipart
{
    public static async Task WriteAsync(HttpResponse response, IReadOnlyList<byte[]> envelopes)
    {
        var boundary = Guid.NewGuid().ToString("N");
        var delimiter = System.Text.Encoding.ASCII.GetBytes("--" + boundary);
        using var body = MessageBuffer.Rent(4096);
        foreach (var envelope in envelopes)
        {
            body.Write(body.Length == 0 ? default : "\r\n"u8);
            body.Write(delimiter);
            body.Write("\r\n\r\n"u8);
            body.Write(envelope);
        }

        body.Write("\r\n"u8);
        body.Write(delimiter);
        body.Write("--\r\n"u8);
        response.ContentType = "multipart/x-protobuf; boundary=" + boundary;
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body.Memory, response.HttpContext.RequestAborted);
    }
}
