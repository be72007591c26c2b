using System.Buffers;
using System.Globalization;
using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Json;
using Loggregator.Protocol.LogCache;
using Loggregator.TrafficController.Metrics;
using Loggregator.TrafficController.Streams.Sse;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.LogCache;

/// <summary>log-cache's calls over HTTP, as its gateway and its authenticating proxy have them in common.</summary>
internal sealed class LogCacheHttp(
    TimeReads reads, MetaReads metas, LogCacheQueries queries, CallerScope scopeOf, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    /// <summary>The version of log-cache whose API this is. Clients refuse what is no semantic version, and fall back to older paths below 2.0.0.</summary>
    public const string Version = "3.2.12";

    private const string Json = "application/json";
    private const int MaxFormBytes = 64 * 1024;
    private const int FlushAt = 64 * 1024;

    /// <summary>The path of a request as it was sent, without its query: <c>%2F</c> and <c>/</c> are not the same.</summary>
    public static string RawPath(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (!target.StartsWith('/') && Uri.TryCreate(target, UriKind.Absolute, out var absolute))
        {
            target = absolute.AbsolutePath;
        }

        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    /// <summary>Answers a read of a source whose id is percent-encoded.</summary>
    public async Task ReadAsync(HttpContext context, string encodedSource)
    {
        var (parameters, fault) = await ParametersAsync(context);
        var request = new ReadRequest();
        if (fault is null && (fault = TryDecode(encodedSource, out var source) ?? RequestBinding.Bind(parameters, request)) is null)
        {
            request.SourceId = source;
            fault = TimeQuery.TryRead(request, time.GetUnixNanoseconds(), out var order);
            if (fault is null)
            {
                (var answer, fault) = await reads.AskAsync(order, context.RequestAborted);
                if (answer is not null)
                {
                    using (answer)
                    {
                        await WriteAsync(context, answer);
                        return;
                    }
                }
            }
        }

        await RefuseAsync(context, fault!);
    }

    /// <summary>Asks for what is known of all sources; null when a refusal was written.</summary>
    public async Task<MetaResponse?> MetaAsync(HttpContext context)
    {
        var (meta, answered, known) = await metas.AskAsync(context.RequestAborted);
        if (meta is not null)
        {
            Partial.Tell(context, answered, known);
        }

        return meta;
    }

    /// <summary>The parameters of a GET, or of a POST of a form, which may be given in the body, too.</summary>
    public static async Task<(QueryPairs Parameters, ReadFault? Fault)> ParametersAsync(HttpContext context)
    {
        var request = context.Request;
        var query = request.QueryString.Value?.TrimStart('?') ?? "";
        if (HttpMethods.IsGet(request.Method))
        {
            return (new QueryPairs(query), null);
        }

        if (!HttpMethods.IsPost(request.Method) || request.ContentType != FormBody.ContentType)
        {
            return (new QueryPairs(query), ReadFault.MethodNotAllowed);
        }

        return await FormBody.ReadAsync(context, MaxFormBytes) is { } body
            ? (new QueryPairs(body + "&" + query), null)
            : (new QueryPairs(query), new ReadFault(Grpc.Core.StatusCode.InvalidArgument, "http: POST too large"));
    }

    /// <summary>Says who answers.</summary>
    public static async Task InfoAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        var uptime = Environment.TickCount64 / 1000;
        await context.Response.WriteAsync(
            string.Create(CultureInfo.InvariantCulture, $"{{\"version\":\"{Version}\",\"vm_uptime\":\"{uptime}\"}}\n"), context.RequestAborted);
    }

    /// <summary>Says why a request is not served.</summary>
    public static async Task RefuseAsync(HttpContext context, ReadFault fault)
    {
        context.Response.StatusCode = fault.HttpStatus;
        await WriteJsonAsync(context, writer => LogCacheJson.WriteStatus(writer, (int)fault.Code, fault.Message));
    }

    /// <summary>Answers <c>query</c>, or <c>query_range</c> if <paramref name="ranged"/>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="ranged">At steps.</param>
    /// <param name="strict">As the authenticating proxy: a query must name a source, and who may not see all that it names learns nothing.</param>
    public async Task QueryAsync(HttpContext context, bool ranged, bool strict)
    {
        var (parameters, wrong) = await ParametersAsync(context);
        var fault = wrong is null ? null : new QueryFault(wrong.Code == Grpc.Core.StatusCode.InvalidArgument, wrong.Message);
        string Text(string name) => parameters.First(name) ?? "";
        var (query, scope) = (Text("query"), scopeOf(context));
        if (fault is null && strict)
        {
            var sources = SourcesOf(query, out fault);
            if (fault is null && !sources.All(scope.Allows))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }
        }

        Task UseAsync(QueryResult result, (int Answered, int Known) whole)
        {
            Partial.Tell(context, whole.Answered, whole.Known);
            return WriteJsonAsync(context, writer => QueryJson.Write(writer, result));
        }

        fault ??= ranged
            ? await queries.RangeAsync(scope, query, Text("start"), Text("end"), Text("step"), UseAsync, context.RequestAborted)
            : await queries.InstantAsync(scope, query, Text("time"), UseAsync, context.RequestAborted);
        if (fault is not null)
        {
            context.Response.StatusCode = wrong == ReadFault.MethodNotAllowed ? wrong.HttpStatus
                : fault.IsUsers ? StatusCodes.Status400BadRequest : StatusCodes.Status500InternalServerError;
            await WriteJsonAsync(context, writer => LogCacheJson.WriteQueryError(writer, fault.IsUsers ? "bad_data" : "internal", fault.Message));
        }
    }

    /// <summary>Writes a body.</summary>
    public static async Task WriteJsonAsync(HttpContext context, Action<IBufferWriter<byte>> write, string contentType = Json)
    {
        using var body = MessageBuffer.Rent(1024);
        write(body);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body.Memory, context.RequestAborted);
    }

    private async Task WriteAsync(HttpContext context, TimeAnswer answer)
    {
        using var slow = new CancellationTokenSource(options.Value.WriteTimeout, time); // its bytes are kept no longer
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, slow.Token);
        context.Response.ContentType = Json;
        Partial.Tell(context, answer.Answered, answer.Known);
        using var block = MessageBuffer.Rent(FlushAt + (FlushAt / 8));
        block.Write(LogCacheJson.ReadStart);
        try
        {
            for (var i = 0; i < answer.Records.Count; i++)
            {
                block.Write(i == 0 ? ""u8 : ","u8);
                var record = answer.Records[i];
                EnvelopeJson.WriteEnvelope(block, record.Envelope, record.Header);
                if (block.Length > FlushAt)
                {
                    await context.Response.Body.WriteAsync(block.Memory, cancel.Token);
                    block.Clear();
                }
            }

            block.Write(LogCacheJson.ReadEnd);
            await context.Response.Body.WriteAsync(block.Memory, cancel.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private IReadOnlyList<string> SourcesOf(string query, out QueryFault? fault)
    {
        try
        {
            var sources = queries.SourcesOf(query);
            fault = sources.Count == 0 ? QueryFault.NoSources : null;
            return sources;
        }
        catch (PromQlException e)
        {
            fault = new QueryFault(true, e.Message);
            return [];
        }
    }

    private static ReadFault? TryDecode(string encoded, out string source) =>
        QueryPairs.TryUnescape(encoded.Replace("+", "%2B", StringComparison.Ordinal), out source)
            ? null
            : new ReadFault(Grpc.Core.StatusCode.InvalidArgument, QueryPairs.BadEscape(encoded));
}
