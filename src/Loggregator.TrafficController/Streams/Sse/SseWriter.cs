using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// Writes server-sent events into a response, as many as there are before each flush. One pump uses it. No <c>id</c> is written unless
/// given, no comments and no <c>retry</c>: strict clients know none of them.
/// </summary>
internal sealed class SseWriter(HttpResponse response, OpenStream open, TimeProvider time, TrafficControllerCounters counters)
{
    private readonly PipeWriter _pipe = response.BodyWriter;
    private bool _first;
    private long _unflushed;

    /// <summary>When something was written last, by <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long LastWrite { get; private set; } = time.GetTimestamp();

    /// <summary>Bytes written since the last flush.</summary>
    public long Unflushed => _unflushed;

    /// <summary>Sends the headers, so that the client knows that it is heard.</summary>
    public async Task BeginAsync(CancellationToken cancel)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        if (HttpProtocol.IsHttp11(response.HttpContext.Request.Protocol))
        {
            response.Headers.Connection = "keep-alive";
        }

        await response.StartAsync(cancel);
        await _pipe.FlushAsync(cancel);
    }

    /// <summary>Begins an event that carries a batch.</summary>
    public void BeginBatch()
    {
        Write("data: {\"batch\":["u8);
        _first = true;
    }

    /// <summary>Adds envelopes, JSON objects with commas between them.</summary>
    public void Envelopes(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty)
        {
            return;
        }

        if (!_first)
        {
            Write(","u8);
        }

        _first = false;
        Write(json);
    }

    /// <summary>Ends the event of a batch.</summary>
    /// <param name="id">The cursor; null: none.</param>
    public void EndBatch(string? id)
    {
        Write("]}\n"u8);
        if (id is not null)
        {
            Write("id: "u8);
            Write(id);
            Write("\n"u8);
        }

        Write("\n"u8);
    }

    /// <summary>An event of its own name; the data must be one line.</summary>
    public void Event(string name, ReadOnlySpan<byte> data)
    {
        Write("event: "u8);
        Write(name);
        Write("\ndata: "u8);
        Write(data);
        Write("\n\n"u8);
    }

    /// <summary>A sign of life.</summary>
    public void Heartbeat()
    {
        Span<byte> seconds = stackalloc byte[20];
        time.GetUtcNow().ToUnixTimeSeconds().TryFormat(seconds, out var length, provider: CultureInfo.InvariantCulture);
        Event("heartbeat", seconds[..length]);
    }

    /// <summary>Hands everything to the client; waits while it does not read. False when it is gone.</summary>
    public async ValueTask<bool> FlushAsync(CancellationToken cancel)
    {
        if (_unflushed == 0)
        {
            return !cancel.IsCancellationRequested;
        }

        LastWrite = time.GetTimestamp();
        open.BeginWrite();
        var result = await _pipe.FlushAsync(cancel);
        open.EndWrite();
        if (result.IsCompleted || result.IsCanceled || cancel.IsCancellationRequested)
        {
            return false;
        }

        Interlocked.Add(ref counters.WrittenBytes, _unflushed);
        _unflushed = 0;
        return true;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _pipe.Write(bytes);
        _unflushed += bytes.Length;
    }

    private void Write(string text)
    {
        var span = _pipe.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        var length = Encoding.UTF8.GetBytes(text, span);
        _pipe.Advance(length);
        _unflushed += length;
    }
}
