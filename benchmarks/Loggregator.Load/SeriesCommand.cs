using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Loggregator.Load.Accounting;
using Loggregator.Load.Watching;
using Loggregator.Protocol.V2;

namespace Loggregator.Load;

/// <summary><c>loggregator-load series</c>: gives Dopplers series of counters, then asks PromQL queries over them, and says how long these take and what they cost a process.</summary>
internal static class SeriesCommand
{
    private const int PerBatch = 1000;
    private static readonly Option<string[]> Ingress = new("--ingress") { Description = "gRPC ingress of each Doppler; series are dealt to them", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string> Cert = new("--cert") { Description = "certificate (PEM)", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Key = new("--key") { Description = "its key", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Ca = new("--ca") { Description = "authority (PEM)", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Name = new("--name") { Description = "of their metric", DefaultValueFactory = _ => "requests_total" };
    private static readonly Option<int> Series = new("--series") { Description = "how many", DefaultValueFactory = _ => 100_000 };
    private static readonly Option<int> Samples = new("--samples") { Description = "samples each, 15 s apart, up to now", DefaultValueFactory = _ => 21 };
    private static readonly Option<string> Url = new("--url") { Description = "where Prometheus' API is, without path", Required = true };
    private static readonly Option<string[]> Queries = new("--query") { Description = "an expression; may be given again", Required = true };
    private static readonly Option<int> Times = new("--times") { Description = "how often each is asked, after three times that are not counted", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Pid = new("--pid") { Description = "process whose memory is watched meanwhile" };

    public static Command Create()
    {
        var command = new Command("series", "Fills Dopplers with series and measures PromQL queries over them.") { Ingress, Cert, Key, Ca, Name, Series, Samples, Url, Queries, Times, Pid };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var dopplers = arguments.GetValue(Ingress) ?? [];
        using var peers = new Peers(new LoadOptions { Cert = arguments.GetValue(Cert)!, Key = arguments.GetValue(Key)!, Ca = arguments.GetValue(Ca)! });
        await Task.WhenAll(dopplers.Select((address, doppler) => FillAsync(
            peers.Dial(address, "doppler"), doppler, dopplers.Length, arguments.GetValue(Name)!, arguments.GetValue(Series), arguments.GetValue(Samples), now, cancel)));

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(arguments.GetValue(Url)!) };
        var failed = 0;
        foreach (var query in arguments.GetValue(Queries)!)
        {
            failed += await MeasureAsync(http, query, now, arguments.GetValue(Times), arguments.GetValue(Pid), cancel) ? 0 : 1;
        }

        return failed == 0 ? 0 : 1;
    }

    // Series i is of source i / 10, and of the Doppler that the source is dealt to.
    private static async Task FillAsync(CallInvoker doppler, int index, int dopplers, string name, int series, int samples, long now, CancellationToken cancel)
    {
        using var call = new Ingress.IngressClient(doppler).BatchSender(cancellationToken: cancel);
        var batch = new EnvelopeBatch();
        for (var sample = 0; sample < samples; sample++)
        {
            for (var i = 0; i < series; i++)
            {
                if (i / 10 % dopplers != index)
                {
                    continue;
                }

                batch.Batch.Add(new Envelope
                {
                    SourceId = $"00000000-0000-4000-8000-{i / 10:D12}",
                    InstanceId = (i % 10).ToString(CultureInfo.InvariantCulture),
                    Timestamp = (now - ((samples - 1 - sample) * 15)) * 1_000_000_000,
                    Tags = { ["zone"] = $"z{i % 7}", ["deployment"] = "cf", ["job"] = $"job-{i % 20}", ["origin"] = "load" },
                    Counter = new Counter { Name = name, Total = (ulong)(sample * (i % 100)) },
                });
                if (batch.Batch.Count == PerBatch)
                {
                    await call.RequestStream.WriteAsync(batch, cancel);
                    batch.Batch.Clear();
                }
            }
        }

        await call.RequestStream.WriteAsync(batch, cancel);
        await call.RequestStream.CompleteAsync();
        await call.ResponseAsync;
    }

    private static async Task<bool> MeasureAsync(HttpClient http, string query, long now, int times, int pid, CancellationToken cancel)
    {
        const int Unmeasured = 3;
        var path = new Uri($"/prometheus/api/v1/query?time={now.ToString(CultureInfo.InvariantCulture)}&query={Uri.EscapeDataString(query)}", UriKind.Relative);
        var (histogram, before, body, failed) = (new LatencyHistogram(), default(ProcessSample?), "", 0);
        if (pid > 0)
        {
            await File.WriteAllTextAsync($"/proc/{pid}/clear_refs", "5", cancel); // the peak begins anew
            before = ProcessSample.Take(pid);
        }

        for (var i = 0; i < Unmeasured + times; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            using var response = await http.GetAsync(path, cancel);
            body = await response.Content.ReadAsStringAsync(cancel);
            failed += response.IsSuccessStatusCode && !body.Contains("\"warnings\"", StringComparison.Ordinal) ? 0 : 1;
            if (i >= Unmeasured)
            {
                histogram.Record((long)Stopwatch.GetElapsedTime(begun).TotalNanoseconds);
            }
        }

        var memory = before is { } first && ProcessSample.Take(pid) is { } last ? $"; peak memory +{(last.PeakResidentBytes - first.ResidentBytes) / 1048576} MiB over {first.ResidentBytes / 1048576} MiB" : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{query}: p50 {histogram.Quantile(0.5) / 1e6:F1} ms, p99 {histogram.Quantile(0.99) / 1e6:F1} ms, {failed} failed or partial, {body.Length} characters{memory}"));
        Console.WriteLine(body.Length <= 160 ? body : body[..160] + "…");
        return failed == 0;
    }
}
