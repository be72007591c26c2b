using System.Globalization;
using Loggregator.PromQl;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Streams.Sse;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>The parameters of a request, of its URL or of a form that it posts. What is wrong with one is an <see cref="ApiException"/> in Prometheus' words.</summary>
internal sealed class ApiParameters(QueryPairs pairs, DateTimeOffset now)
{
    private const int MaxFormBytes = 2 * 1024 * 1024;
    private const int MaxPoints = 11_000;

    /// <summary>Reads them.</summary>
    public static async Task<ApiParameters> ReadAsync(HttpContext context, DateTimeOffset now)
    {
        var pairs = context.Request.QueryString.Value?.TrimStart('?') ?? "";
        if (HttpMethods.IsPost(context.Request.Method)
            && context.Request.ContentType?.StartsWith(FormBody.ContentType, StringComparison.OrdinalIgnoreCase) is true)
        {
            var body = await FormBody.ReadAsync(context, MaxFormBytes)
                ?? throw new ApiException(ApiErrorType.BadData, "error parsing form values: http: POST too large");
            pairs = body + "&" + pairs;
        }

        var parsed = new QueryPairs(pairs);
        return parsed.Error is { } error
            ? throw new ApiException(ApiErrorType.BadData, "error parsing form values: " + error)
            : new ApiParameters(parsed, now);
    }

    public string Text(string name) => pairs.First(name) ?? "";

    public bool Has(string name) => Text(name).Length > 0;

    /// <summary>A time in milliseconds; <paramref name="otherwise"/> where it is not given.</summary>
    public long Time(string name, long otherwise) => Has(name) ? Time(name) : otherwise;

    /// <summary>A time in milliseconds; must be given.</summary>
    public long Time(string name) =>
        ApiTimes.TryTime(Text(name), out var time) ? time : throw ApiException.Invalid(name, $"cannot parse {LogCache.GoText.Quote(Text(name))} to a valid timestamp");

    /// <summary>The present, in milliseconds.</summary>
    public long Now => now.ToUnixTimeMilliseconds();

    /// <summary>Start, end and step of a range in milliseconds.</summary>
    public (long Start, long End, long Step) Range()
    {
        var (start, end) = (Time("start"), Time("end"));
        if (end < start)
        {
            throw ApiException.Invalid("end", "end timestamp must not be before start time");
        }

        var step = Duration("step");
        return step <= 0
            ? throw ApiException.Invalid("step", "zero or negative query resolution step widths are not accepted. Try a positive integer")
            : (end - start) / step > MaxPoints
            ? throw new ApiException(ApiErrorType.BadData, "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
            : (start, end, step);
    }

    /// <summary>How long a query may take, at most as long as it may in any case.</summary>
    public TimeSpan Timeout(TimeSpan most)
    {
        var given = Has("timeout") ? TimeSpan.FromMilliseconds(Duration("timeout")) : most;
        return given < most ? given < TimeSpan.Zero ? TimeSpan.Zero : given : most;
    }

    /// <summary>How far back instant selectors look.</summary>
    public TimeSpan Lookback() => Duration("lookback_delta") is > 0 and var lookback
        ? TimeSpan.FromMilliseconds(lookback)
        : throw ApiException.Invalid("lookback_delta", "give a duration above zero");

    /// <summary>A duration in milliseconds.</summary>
    public long Duration(string name) =>
        ApiTimes.TryDuration(Text(name), out var duration, out var overflows) ? duration
        : throw ApiException.Invalid(name, $"cannot parse {LogCache.GoText.Quote(Text(name))} to a valid duration{(overflows ? ". It overflows int64" : "")}");

    /// <summary>How many results are wanted at most; <see cref="int.MaxValue"/> for all.</summary>
    public int Limit()
    {
        var text = Text("limit");
        if (text.Length == 0)
        {
            return int.MaxValue;
        }

        return !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit)
            ? throw ApiException.Invalid("limit", $"cannot parse {LogCache.GoText.Quote(text)} to a number")
            : limit < 0 ? throw ApiException.Invalid("limit", "limit must be non-negative")
            : limit == 0 ? int.MaxValue : limit;
    }

    /// <summary>The selectors of <c>match[]</c>; none where none is given. One that would match everything is refused.</summary>
    public IReadOnlyList<IReadOnlyList<LabelMatcher>> Matches()
    {
        try
        {
            List<IReadOnlyList<LabelMatcher>> selectors = [.. pairs.All("match[]").Select(Parser.ParseSelector)];
            return selectors.Exists(matchers => matchers.All(matcher => matcher.Matches("")))
                ? throw ApiException.Invalid("match[]", "match[] must contain at least one non-empty matcher")
                : selectors;
        }
        catch (PromQlException wrong)
        {
            throw ApiException.Invalid("match[]", wrong.Message);
        }
    }
}
