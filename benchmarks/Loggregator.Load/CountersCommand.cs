using System.CommandLine;
using System.Globalization;
using Loggregator.Protocol.V2;

namespace Loggregator.Load;

/// <summary><c>loggregator-load counters</c>: counters of the past, sent and written down, so that two stores of series hold the same.</summary>
internal static class CountersCommand
{
    private const int PerSource = 10; // instances
    private static readonly Option<string> Ingress = new("--ingress") { Description = "host:port of a v2 Ingress service", Required = true };
    private static readonly Option<string> IngressName = new("--ingress-name") { Description = "name in its certificate", DefaultValueFactory = _ => "doppler" };
    private static readonly Option<string> Cert = new("--cert") { Description = "client certificate", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Key = new("--key") { Description = "its key", DefaultValueFactory = _ => "" };
    private static readonly Option<string> Ca = new("--ca") { Description = "CA of the server", DefaultValueFactory = _ => "" };
    private static readonly Option<string> File = new("--openmetrics") { Description = "file for the same in OpenMetrics' text, from which promtool makes Prometheus' blocks", Required = true };
    private static readonly Option<int> Series = new("--series") { Description = "how many", DefaultValueFactory = _ => 1000 };
    private static readonly Option<int> Minutes = new("--minutes") { Description = "how far they go back", DefaultValueFactory = _ => 120 };
    private static readonly Option<int> Step = new("--step") { Description = "seconds between two samples", DefaultValueFactory = _ => 15 };

    public static Command Create()
    {
        var command = new Command("counters", "Sends counters of the last hours with their timestamps, and writes them to a file.")
        {
            Ingress, IngressName, Cert, Key, Ca, File, Series, Minutes, Step,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var peers = new Peers(new LoadOptions { Cert = arguments.GetValue(Cert)!, Key = arguments.GetValue(Key)!, Ca = arguments.GetValue(Ca)! });
        var client = new Ingress.IngressClient(peers.Dial(arguments.GetValue(CountersCommand.Ingress)!, arguments.GetValue(IngressName)!));
        var (count, step) = (arguments.GetValue(Series), arguments.GetValue(Step));
        var end = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / step * step;
        var start = end - (arguments.GetValue(Minutes) * 60);
        await using var text = new StreamWriter(arguments.GetValue(File)!);
        await text.WriteLineAsync("# TYPE requests counter");
        for (var series = 0; series < count; series++)
        {
            var (random, total, batch) = (new Random(series), 0UL, new EnvelopeBatch());
            var (source, instance, job) = ($"app-{series / PerSource:D4}", $"{series % PerSource}", $"job-{series % 10}");
            for (var time = start; time <= end; time += step)
            {
                total += (ulong)random.Next(100);
                await text.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"requests_total{{instance_id=\"{instance}\",job=\"{job}\",source_id=\"{source}\"}} {total} {time}"));
                batch.Batch.Add(new Envelope
                {
                    SourceId = source,
                    InstanceId = instance,
                    Timestamp = time * 1_000_000_000,
                    Tags = { ["job"] = job },
                    Counter = new Counter { Name = "requests_total", Total = total },
                });
            }

            await client.SendAsync(batch, cancellationToken: cancel);
        }

        await text.WriteLineAsync("# EOF");
        Console.WriteLine($"{count} series from {start} to {end}");
        return 0;
    }
}
