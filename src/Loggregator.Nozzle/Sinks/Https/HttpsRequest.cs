using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using ZstdSharp;

namespace Loggregator.Nozzle.Sinks.Https;

/// <summary>A request as the original's drains make it.</summary>
internal static class HttpsRequest
{
    /// <summary>A POST of these bytes.</summary>
    public static HttpRequestMessage Make(HttpsOptions options, ReadOnlyMemory<byte> body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, options.Address)
        {
            Version = HttpVersion.Version11,
            Content = new ReadOnlyMemoryContent(Encode(options.Compression, body)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(
            options.IsBatch && options.Format.ContentType == "application/json" ? "application/x-ndjson" : options.Format.ContentType);
        if (options.Compression != HttpsCompression.None)
        {
            request.Content.Headers.ContentEncoding.Add(options.Compression == HttpsCompression.Gzip ? "gzip" : "zstd");
        }

        request.Headers.TryAddWithoutValidation("User-Agent", "fasthttp"); // the original's: receivers tell drains by it
        if (options.Authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", options.Authorization);
        }

        return request;
    }

    private static ReadOnlyMemory<byte> Encode(HttpsCompression compression, ReadOnlyMemory<byte> body)
    {
        if (compression == HttpsCompression.None)
        {
            return body;
        }

        var output = new MemoryStream();
        using (Stream packed = compression == HttpsCompression.Gzip ? new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true) : new CompressionStream(output, leaveOpen: true))
        {
            packed.Write(body.Span);
        }

        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }
}
