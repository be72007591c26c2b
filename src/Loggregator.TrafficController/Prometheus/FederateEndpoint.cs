using System.Buffers;
using System.Globalization;
using System.Text;
using Loggregator.PromQl.Storage;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Metrics;
using Loggregator.TrafficController.Streams.Sse;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Prometheus;

/// <summary><c>/prometheus/federate</c>: the last samples of the series that <c>match[]</c> selects, in Prometheus' text format, for another Prometheus to scrape.</summary>
internal sealed class FederateEndpoint(MetricQueries queries, CallerScope scopeOf, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private const string TextFormat = "text/plain; version=0.0.4; charset=utf-8";
    private const int FlushAt = 64 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            var now = time.GetUtcNow();
            var selectors = new ApiParameters(new QueryPairs(context.Request.QueryString.Value), now).Matches();
            var (start, end) = ((now - queries.Engine.Lookback).ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
            await queries.RunAsync(
                scopeOf(context),
                options.Value.QueryTimeout,
                (reading, cancel) => reading.ReadAllAsync(selectors, start, end, labelsOnly: false, options.Value.MaxQuerySamples, cancel),
                read => WriteAsync(context, read.Series, read.Warnings),
                context.RequestAborted);
        }
        catch (Exception e) when (ApiException.Of(e) is { } error)
        {
            if (context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = error.HttpStatus;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(error.Message + "\n", context.RequestAborted);
        }
    }

    private async Task WriteAsync(HttpContext context, IReadOnlyList<MetricSeries> series, IReadOnlyList<string> warnings)
    {
        context.Response.ContentType = TextFormat;
        if (warnings.Count > 0)
        {
            context.Response.Headers[Partial.Name] = string.Join("; ", warnings);
        }

        using var slow = new CancellationTokenSource(options.Value.WriteTimeout, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, slow.Token);
        var text = new StringBuilder();
        var family = "";
        foreach (var one in series.OrderBy(one => one.Labels.Name, StringComparer.Ordinal)) // stable
        {
            if (one.Samples.IsEmpty || one.Labels.Name.Length == 0 || Sample.IsStale(one.Samples.Span[^1].Value))
            {
                continue;
            }

            if (MetricFamily.Of(one) is var (name, type, _) && name != family)
            {
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
                family = name;
            }

            Append(text, one.Labels, one.Samples.Span[^1]);
            if (text.Length > FlushAt)
            {
                await SendAsync(context, text, cancel.Token);
            }
        }

        await SendAsync(context, text, cancel.Token);
    }

    private static void Append(StringBuilder text, Labels labels, Sample last)
    {
        text.Append(labels.Name);
        var separator = '{';
        foreach (var (name, value) in labels.Pairs)
        {
            if (name != Labels.MetricName)
            {
                text.Append(separator).Append(name).Append("=\"");
                text.Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal));
                text.Append('"');
                separator = ',';
            }
        }

        Span<byte> number = stackalloc byte[GoFloat.MaxLength];
        var digits = Encoding.UTF8.GetString(number[..GoFloat.WriteShort(last.Value, number)]);
        text.Append(separator == ',' ? "} " : " ").Append(digits).Append(' ').Append(last.Time).Append('\n');
    }

    private static async Task SendAsync(HttpContext context, StringBuilder text, CancellationToken cancel)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, Encoding.UTF8.GetBytes(text.ToString(), bytes)), cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            text.Clear();
        }
    }
}
