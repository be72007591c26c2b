using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>Writes an answer as JSON, piece by piece, so that large ones are never in memory whole. A client that does not take it for a while is cut off.</summary>
internal sealed class ApiAnswer : IAsyncDisposable
{
    private const int FlushAt = 64 * 1024;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly byte[] _point = ArrayPool<byte>.Shared.Rent(GoFloat.MaxLength + 64);
    private readonly HttpContext _context;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancel;
    private long _sent;

    public ApiAnswer(HttpContext context, TimeSpan patience, TimeProvider time)
    {
        (_context, _patience, _time, _cancel) = (context, patience, time, context.RequestAborted);
        Json = new Utf8JsonWriter(context.Response.BodyWriter, Relaxed);
        context.Response.ContentType = "application/json";
    }

    /// <summary>Where what has no method of its own is written.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Begins an answer whose data is an object, array or value that the caller writes.</summary>
    public void Begin()
    {
        Json.WriteStartObject();
        Json.WriteString("status"u8, "success"u8);
        Json.WritePropertyName("data"u8);
    }

    /// <summary>Ends the answer.</summary>
    /// <param name="warnings">Why it may be wrong.</param>
    /// <param name="infos">What is worth knowing.</param>
    public async Task EndAsync(IReadOnlyCollection<string> warnings, IReadOnlyCollection<string> infos)
    {
        WriteTexts("warnings", warnings);
        WriteTexts("infos", infos);
        Json.WriteEndObject();
        await FlushAsync(last: true);
    }

    /// <summary>An answer that is an error.</summary>
    public async Task WriteErrorAsync(ApiException error)
    {
        _context.Response.StatusCode = error.HttpStatus;
        Json.WriteStartObject();
        Json.WriteString("status"u8, "error"u8);
        Json.WriteString("errorType"u8, error.TypeName);
        Json.WriteString("error"u8, error.Message);
        Json.WriteEndObject();
        await FlushAsync(last: true);
    }

    /// <summary>A query's result.</summary>
    /// <param name="result">What it came to.</param>
    /// <param name="at">Time of a string, in milliseconds.</param>
    /// <param name="limit">So many series at most.</param>
    public async Task WriteAsync(QueryResult result, long at, int limit)
    {
        Json.WriteStartObject();
        Json.WriteString("resultType"u8, result.Kind switch { ValueKind.Matrix => "matrix", ValueKind.Scalar => "scalar", ValueKind.String => "string", _ => "vector" });
        Json.WritePropertyName("result"u8);
        switch (result.Kind)
        {
            case ValueKind.String:
                WritePair(at, result.Text);
                break;
            case ValueKind.Scalar:
                var scalar = result.Series[0].Samples.Span[0];
                WritePair(scalar.Time, Encoding.UTF8.GetString(_point.AsSpan(0, GoFloat.Write(scalar.Value, _point))));
                break;
            default:
                Json.WriteStartArray();
                foreach (var series in result.Series.Take(limit))
                {
                    await WriteAsync(series, result.Kind == ValueKind.Matrix);
                }

                Json.WriteEndArray();
                break;
        }

        Json.WriteEndObject();
    }

    /// <summary>Labels as an object.</summary>
    public void WriteLabels(Labels labels)
    {
        Json.WriteStartObject();
        foreach (var (name, value) in labels.Pairs)
        {
            Json.WriteString(name, value);
        }

        Json.WriteEndObject();
    }

    /// <summary>Sends what is written, where that is enough to be sent.</summary>
    public async ValueTask FlushAsync(bool last = false)
    {
        if (!last && Json.BytesPending + Json.BytesCommitted - _sent < FlushAt)
        {
            return;
        }

        Json.Flush();
        _sent = Json.BytesCommitted;
        using var patience = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_cancel, patience.Token);
        await _context.Response.BodyWriter.FlushAsync(either.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Json.DisposeAsync();
        ArrayPool<byte>.Shared.Return(_point);
    }

    private async Task WriteAsync(Series series, bool matrix)
    {
        Json.WriteStartObject();
        Json.WritePropertyName("metric"u8);
        WriteLabels(series.Labels);
        if (matrix)
        {
            Json.WriteStartArray("values"u8);
            for (var i = 0; i < series.Samples.Length; i++)
            {
                WritePoint(series.Samples.Span[i]);
                await FlushAsync();
            }

            Json.WriteEndArray();
        }
        else
        {
            Json.WritePropertyName("value"u8);
            WritePoint(series.Samples.Span[0]);
        }

        Json.WriteEndObject();
        await FlushAsync();
    }

    // Its time has no more digits than it needs.
    private void WritePair(long time, string value)
    {
        Json.WriteStartArray();
        Json.WriteNumberValue(time / 1000.0);
        Json.WriteStringValue(value);
        Json.WriteEndArray();
    }

    // [seconds,"value"]; milliseconds stand there with three digits, or not at all.
    private void WritePoint(Sample sample)
    {
        var text = _point.AsSpan();
        text[0] = (byte)'[';
        var length = 1;
        var (seconds, rest) = Math.DivRem(Math.Abs(sample.Time), 1000);
        if (sample.Time < 0)
        {
            text[length++] = (byte)'-';
        }

        Utf8Formatter.TryFormat(seconds, text[length..], out var written);
        length += written;
        if (rest > 0)
        {
            text[length++] = (byte)'.';
            Utf8Formatter.TryFormat(rest, text[length..], out written, new StandardFormat('D', 3));
            length += written;
        }

        ",\""u8.CopyTo(text[length..]);
        length += 2;
        length += GoFloat.WriteShort(sample.Value, text[length..]);
        "\"]"u8.CopyTo(text[length..]);
        Json.WriteRawValue(text[..(length + 2)], skipInputValidation: true);
    }

    private void WriteTexts(string name, IReadOnlyCollection<string> texts)
    {
        if (texts.Count > 0)
        {
            Json.WriteStartArray(name);
            foreach (var text in texts)
            {
                Json.WriteStringValue(text);
            }

            Json.WriteEndArray();
        }
    }
}
