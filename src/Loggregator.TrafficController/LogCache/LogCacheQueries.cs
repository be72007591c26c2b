using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Syntax;
using Loggregator.TrafficController.Metrics;
using Loggregator.TrafficController.Prometheus;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.LogCache;

/// <summary>PromQL in log-cache's dialect, over HTTP and gRPC: times as texts, and every selector names its sources.</summary>
internal sealed class LogCacheQueries(MetricQueries queries, TimerReads timers, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private const int MaxPoints = 11_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10); // the original's

    /// <summary>Evaluates at one time.</summary>
    /// <param name="scope">Whose metrics the caller may see.</param>
    /// <param name="query">The expression.</param>
    /// <param name="at">When; empty: at this second.</param>
    /// <param name="use">Takes the result, Dopplers that answered and Dopplers there are.</param>
    /// <param name="cancel">The caller is gone.</param>
    /// <returns>Why there is no answer; null when there was one.</returns>
    public Task<QueryFault?> InstantAsync(SourceScope scope, string query, string at, Func<QueryResult, (int Answered, int Known), Task> use, CancellationToken cancel)
    {
        var when = time.GetUtcNow().ToUnixTimeSeconds() * 1000;
        if (at.Length > 0 && !ApiTimes.TryTime(at, out when))
        {
            return Wrong(NoTime(at));
        }

        return RunAsync(scope, query, (engine, reader, stop) => engine.QueryAsync(reader, query, when, stop), use, cancel);
    }

    /// <summary>Evaluates at steps.</summary>
    public Task<QueryFault?> RangeAsync(
        SourceScope scope, string query, string start, string end, string step, Func<QueryResult, (int Answered, int Known), Task> use, CancellationToken cancel)
    {
        if (!ApiTimes.TryDuration(step, out var interval, out var overflows))
        {
            return Wrong($"couldn't parse step: cannot parse {GoText.Quote(step)} to a valid {(overflows ? "step. It overflows int64" : "duration")}");
        }

        if (!ApiTimes.TryTime(start, out var first))
        {
            return Wrong("couldn't parse start: " + NoTime(start));
        }

        if (!ApiTimes.TryTime(end, out var last))
        {
            return Wrong("couldn't parse end: " + NoTime(end));
        }

        return interval <= 0 ? Wrong("zero or negative query resolution step widths are not accepted. Try a positive integer")
            : last < first ? Wrong("end timestamp must not be before start time")
            : (last - first) / interval > MaxPoints ? Wrong("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (step)")
            : RunAsync(scope, query, (engine, reader, stop) => engine.QueryRangeAsync(reader, query, first, last, interval, stop), use, cancel);
    }

    /// <summary>The sources that a query names; each once.</summary>
    /// <exception cref="PromQlException">It is no query, or a selector names none.</exception>
    public IReadOnlyList<string> SourcesOf(string query)
    {
        var sources = new List<string>();
        Collect(Parser.Parse(query, queries.Engine.Parser));
        return [.. sources.Distinct()];

        void Collect(Expr expr)
        {
            if (expr is VectorSelector selector)
            {
                var named = LogCacheReader.SourcesOf(selector.Matchers);
                sources.AddRange(named.Count > 0 ? named : throw new PromQlException(
                    PromQlFault.Parameters, $"metric {GoText.Quote(NameOf(selector)).Replace('"', '\'')} does not have a 'source_id' label"));
            }

            foreach (var child in expr.Children)
            {
                Collect(child);
            }
        }
    }

    private static string NameOf(VectorSelector selector) =>
        selector.Matchers.FirstOrDefault(matcher => matcher.Name == PromQl.Storage.Labels.MetricName)?.Value ?? "";

    private static string NoTime(string text) => $"cannot parse {GoText.Quote(text)} to a valid Unix or RFC3339 timestamp";

    private static Task<QueryFault?> Wrong(string message) => Task.FromResult<QueryFault?>(new QueryFault(true, message));

    private async Task<QueryFault?> RunAsync(
        SourceScope scope,
        string query,
        Func<Engine, LogCacheReader, CancellationToken, ValueTask<QueryResult>> evaluate,
        Func<QueryResult, (int Answered, int Known), Task> use,
        CancellationToken cancel)
    {
        try
        {
            SourcesOf(query);
            var patience = options.Value.QueryTimeout < Patience ? options.Value.QueryTimeout : Patience;
            await queries.RunAsync(
                scope,
                patience,
                async (reading, stop) =>
                {
                    var reader = new LogCacheReader(reading, timers);
                    var result = await evaluate(new Engine(queries.Engine, time), reader, stop);
                    return result.Kind == ValueKind.String
                        ? throw new PromQlException(PromQlFault.Parameters, "a string is no result: give an expression that is a scalar, vector or matrix")
                        : (result, reader.Whole);
                },
                answer => use(answer.result, answer.Whole),
                cancel);
            return null;
        }
        catch (PromQlException wrong)
        {
            return new QueryFault(wrong.Fault is PromQlFault.Parse or PromQlFault.Parameters, wrong.Message);
        }
        catch (MetricsUnavailableException none)
        {
            return new QueryFault(false, none.Message);
        }
    }
}
