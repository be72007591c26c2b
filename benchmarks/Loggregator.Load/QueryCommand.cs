using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Loggregator.Load.Accounting;

namespace Loggregator.Load;

/// <summary><c>loggregator-load query</c>: how long servers take for the same query by Prometheus' HTTP API, in turns.</summary>
internal static class QueryCommand
{
    private const int Unmeasured = 20; // queries until caches are warm and code is compiled
    private static readonly Option<string[]> Url = new("--url") { Description = "NAME=URL of an API, with what stands before /api/v1", Required = true };
    private static readonly Option<string> Query = new("--query") { Description = "the expression", Required = true };
    private static readonly Option<long> Time = new("--time") { Description = "its time, or the end of the range, in seconds since 1970", Required = true };
    private static readonly Option<int> Range = new("--range") { Description = "seconds of the range; 0: an instant query", DefaultValueFactory = _ => 0 };
    private static readonly Option<int> Step = new("--step") { Description = "seconds between its steps", DefaultValueFactory = _ => 15 };
    private static readonly Option<int> Count = new("--count") { Description = "queries to each server", DefaultValueFactory = _ => 100 };

    public static Command Create()
    {
        var command = new Command("query", "Asks servers the same query in turns, and says how long each takes.") { Url, Query, Time, Range, Step, Count };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var servers = arguments.GetValue(Url)!.Select(NamedTarget.Parse).ToList();
        var (times, series) = (servers.ConvertAll(_ => new LatencyHistogram()), servers.ConvertAll(_ => 0));
        var (query, end, range) = (Uri.EscapeDataString(arguments.GetValue(Query)!), arguments.GetValue(Time), arguments.GetValue(Range));
        var path = range == 0 ? $"/api/v1/query?query={query}&time={end}" : $"/api/v1/query_range?query={query}&start={end - range}&end={end}&step={arguments.GetValue(Step)}";
        using var body = new MemoryStream(); // used again: the tool's own garbage would be measured, too
        for (var i = -Unmeasured; i < arguments.GetValue(Count); i++)
        {
            for (var server = 0; server < servers.Count; server++)
            {
                body.SetLength(0);
                var begun = Stopwatch.GetTimestamp();
                using var response = await http.GetAsync(new Uri(servers[server].Target + path), HttpCompletionOption.ResponseHeadersRead, cancel);
                await response.Content.CopyToAsync(body, cancel);
                var took = (long)Stopwatch.GetElapsedTime(begun).TotalNanoseconds;
                if (!response.IsSuccessStatusCode)
                {
                    throw new LoadException($"{servers[server].Name} answers {(int)response.StatusCode}");
                }

                series[server] = body.GetBuffer().AsSpan(0, (int)body.Length).Count("{\"metric\":"u8);
                if (i >= 0)
                {
                    times[server].Record(took);
                }
            }
        }

        for (var server = 0; server < servers.Count; server++)
        {
            var ratio = times[server].Quantile(0.5) / (double)times[^1].Quantile(0.5);
            Console.WriteLine($"{servers[server].Name}: {series[server]} series; ms: p50 {Milliseconds(times[server].Quantile(0.5))}, p99 {Milliseconds(times[server].Quantile(0.99))}, "
                + string.Create(CultureInfo.InvariantCulture, $"max {Milliseconds(times[server].Max)}; {ratio:F2} times the p50 of {servers[^1].Name}"));
        }

        return series.Distinct().Count() == 1 ? 0 : throw new LoadException("The servers do not answer with the same number of series.");
    }

    private static string Milliseconds(long nanoseconds) => (nanoseconds / 1e6).ToString("F1", CultureInfo.InvariantCulture);
}
