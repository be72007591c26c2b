using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Loggregator.Load.Accounting;
using Loggregator.Load.Wire;

namespace Loggregator.Load;

/// <summary><c>loggregator-load recent</c>: how long reads through log-cache's API take, one after the other, while another run sends.</summary>
internal static class RecentCommand
{
    private const int Unmeasured = 50; // reads until the code that serves them is compiled
    private static readonly Option<string> Url = new("--url") { Description = "where log-cache's API is, without path", Required = true };
    private static readonly Option<uint> RunId = new("--run-id") { Description = "that of the run that sends", Required = true };
    private static readonly Option<int> Sources = new("--sources") { Description = "that of the run that sends; each read takes another, or with --one the first", DefaultValueFactory = _ => 10_000 };
    private static readonly Option<bool> One = new("--one") { Description = "read source 0 alone" };
    private static readonly Option<int> Limit = new("--limit") { Description = "envelopes to a read", DefaultValueFactory = _ => 1000 };
    private static readonly Option<double> Pause = new("--pause") { Description = "milliseconds between two reads", DefaultValueFactory = _ => 20.0 };
    private static readonly Option<double> Duration = new("--duration") { Description = "seconds", DefaultValueFactory = _ => 20.0 };

    public static Command Create()
    {
        var command = new Command("recent", "Reads the newest envelopes of sources, one read after the other, and says how long that takes.")
        {
            Url, RunId, Sources, One, Limit, Pause, Duration,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(arguments.GetValue(Url)!) };
        var times = new LatencyHistogram();
        using var body = new MemoryStream(); // used again: the tool's own garbage would be measured, too
        var (envelopes, least, failed, n, reads) = (0L, int.MaxValue, 0, 0, 0);
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < arguments.GetValue(Duration))
        {
            var source = arguments.GetValue(One) ? 0 : n++ * 7919 % arguments.GetValue(Sources);
            var path = string.Create(
                CultureInfo.InvariantCulture,
                $"/api/v1/read/{SourceName.Of(source, arguments.GetValue(RunId))}?descending=true&envelope_types=LOG&limit={arguments.GetValue(Limit)}");
            var begun = Stopwatch.GetTimestamp();
            body.SetLength(0);
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
            await response.Content.CopyToAsync(body, cancel);
            var took = (long)Stopwatch.GetElapsedTime(begun).TotalNanoseconds;
            failed += response.IsSuccessStatusCode && !response.Headers.Contains("X-Loggregator-Partial") ? 0 : 1;
            if (++reads > Unmeasured)
            {
                times.Record(took);
            }

            if (response.IsSuccessStatusCode && reads > Unmeasured)
            {
                var count = body.GetBuffer().AsSpan(0, (int)body.Length).Count("{\"timestamp\":"u8);
                envelopes += count;
                least = Math.Min(least, count);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(arguments.GetValue(Pause)), cancel);
        }

        static string Milliseconds(long nanoseconds) => (nanoseconds / 1e6).ToString("F1", CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{times.Count} reads, {failed} failed or partial, {envelopes / Math.Max(times.Count, 1)} envelopes each (at least {least}); ms: p50 {Milliseconds(times.Quantile(0.5))}, ")
            + $"p90 {Milliseconds(times.Quantile(0.9))}, p99 {Milliseconds(times.Quantile(0.99))}, max {Milliseconds(times.Max)}");
        return failed == 0 ? 0 : 1;
    }
}
