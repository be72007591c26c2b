using System.CommandLine;
using System.Globalization;
using Loggregator.Client;
using Loggregator.Load.Reporting;
using Spectre.Console;

namespace Loggregator.Load;

/// <summary><c>loggregator-load run</c>.</summary>
internal static class RunCommand
{
    private static readonly LoadOptions Defaults = new();
    private static readonly Option<string[]> Ingress = Many("--ingress", "host:port of v2 Ingress services to send to; connections take turns");
    private static readonly Option<string> IngressName = One("--ingress-name", "name in the ingress's certificate: metron or doppler", Defaults.IngressName);
    private static readonly Option<string[]> Egress = Many("--egress", "host:port of v2 Egress services to read from; readers take turns");
    private static readonly Option<string> EgressName = One("--egress-name", "name in the egress's certificate: reverselogproxy or doppler", Defaults.EgressName);
    private static readonly Option<string> Cert = One("--cert", "client certificate (PEM); without: plaintext", "");
    private static readonly Option<string> Key = One("--key", "its key (PEM)", "");
    private static readonly Option<string> Ca = One("--ca", "the CA that peers' certificates are checked against (PEM)", "");
    private static readonly Option<string> Rate = One("--rate", "envelopes a second over all connections, or max", "10000");
    private static readonly Option<int> Connections = One("--connections", "connections that send, each with a schedule of its own", Defaults.Connections);
    private static readonly Option<int> Batch = One("--batch", "envelopes to a message", Defaults.Batch);
    private static readonly Option<string> Sender = One("--sender", "batch: BatchSender; single: Sender, one envelope to a message", "batch");
    private static readonly Option<int> Links = One("--links", "so many connections of BatchSender with one envelope to a message (as many small agents)", 0);
    private static readonly Option<double> LinkRate = One("--link-rate", "envelopes a second of each of --links", 100.0);
    private static readonly Option<int> Payload = One("--payload", "bytes of a log line, at least 48", Defaults.Payload);
    private static readonly Option<int> Tags = One("--tags", "tags of an envelope", Defaults.Tags);
    private static readonly Option<int> MetricsPercent = One("--metrics-percent", "of a hundred envelopes so many are gauges, which readers do not look for", Defaults.MetricsPercent);
    private static readonly Option<int> GaugeValues = One("--gauge-values", "metrics of a gauge", Defaults.GaugeValues);
    private static readonly Option<int> Sources = One("--sources", "number of sources", Defaults.Sources);
    private static readonly Option<int> Skew = One("--skew", "source 0 sends this many times as much as each other", Defaults.Skew);
    private static readonly Option<int> Readers = One("--readers", "readers of --egress, each on a connection of its own", Defaults.Readers);
    private static readonly Option<string> ShardId = One("--shard-id", "shard id that all readers share; without: each reads everything", "");
    private static readonly Option<string[]> Types = Many("--types", "what readers select: log, counter, counter:NAME, gauge, timer, event", [.. Defaults.Types]);
    private static readonly Option<bool> PreferredTags = One("--preferred-tags", "readers ask for preferred tags", false);
    private static readonly Option<double> ReaderRate = One("--reader-rate", "each reader takes at most so many envelopes a second (0: as they come)", 0.0);
    private static readonly Option<string> Sse = One("--sse", "address of an event stream; {source} in it is replaced, or source_id= added", "");
    private static readonly Option<string> Ws = One("--ws", "address of a v1 stream over WebSocket; with {source} in it one for each tailer, else a firehose", "");
    private static readonly Option<string> Lines = One("--lines", "address:port where a nozzle's JSON records are taken, a line each (syslog://ADDRESS?framing=newline&format=json)", "");
    private static readonly Option<string> Outage = One("--outage", "FROM:FOR, seconds of the measured window in which nobody listens at --lines; latency is then that of what is due after it", "");
    private static readonly Option<int> Tailers = One("--tailers", "tailers of --sse or --ws, each on a connection of its own and following one source", 0);
    private static readonly Option<double> Warmup = One("--warmup", "seconds of sending before measuring", Defaults.Warmup.TotalSeconds);
    private static readonly Option<double> Duration = One("--duration", "seconds of measuring", Defaults.Duration.TotalSeconds);
    private static readonly Option<double> Drain = One("--drain", "longest wait, in seconds, for what is still on its way", Defaults.Drain.TotalSeconds);
    private static readonly Option<string[]> Pids = Many("--pids", "processes to measure: NAME=PID");
    private static readonly Option<string[]> Scrapes = Many("--scrape", "Prometheus pages whose growth over the window is reported: NAME=URL");
    private static readonly Option<uint> RunId = One("--run-id", "number that names the run's sources (0: a random one)", 0u);
    private static readonly Option<bool> Check = One("--check", "exit with 1 unless received and gap records account for what was sent, source by source", false);
    private static readonly Option<string> Json = One("--json", "file for the report, - for standard output", "");

    public static Command Create()
    {
        var command = new Command("run", "Sends by schedule, reads back, accounts for every envelope and measures.")
        {
            Ingress, IngressName, Egress, EgressName, Cert, Key, Ca, Rate, Connections, Batch, Sender, Links, LinkRate, Payload, Tags, MetricsPercent, GaugeValues, Sources, Skew,
            Readers, ShardId, Types, PreferredTags, ReaderRate, Sse, Ws, Lines, Outage, Tailers, Warmup, Duration, Drain, Pids, Scrapes, RunId, Check, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        errors.Profile.Width = Math.Max(errors.Profile.Width, 160); // in a pipe it would be 80
        try
        {
            var report = await new LoadRun(Bind(arguments), string.Join(' ', Environment.GetCommandLineArgs().Skip(1))).RunAsync(cancel);
            ReportTable.Write(report, errors);
            await WriteJsonAsync(report, arguments.GetValue(Json)!, cancel);
            return report.Holds || !arguments.GetValue(Check) ? 0 : 1;
        }
        catch (Exception e) when (e is LoadException or CredentialsException or ArgumentException or FormatException or TimeoutException)
        {
            errors.WriteLine(e.Message);
            return 2;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }

    private static LoadOptions Bind(ParseResult arguments)
    {
        var links = arguments.GetValue(Links);
        var rate = arguments.GetValue(Rate)!;
        return new LoadOptions
        {
            Ingress = [.. arguments.GetValue(Ingress)!],
            IngressName = arguments.GetValue(IngressName)!,
            Egress = [.. arguments.GetValue(Egress)!],
            EgressName = arguments.GetValue(EgressName)!,
            Cert = arguments.GetValue(Cert)!,
            Key = arguments.GetValue(Key)!,
            Ca = arguments.GetValue(Ca)!,
            Rate = links > 0 ? links * arguments.GetValue(LinkRate) : rate == "max" ? 0 : double.Parse(rate, CultureInfo.InvariantCulture),
            Connections = links > 0 ? links : arguments.GetValue(Connections),
            Batch = links > 0 ? 1 : arguments.GetValue(Batch),
            Single = arguments.GetValue(Sender) == "single",
            Payload = arguments.GetValue(Payload),
            Tags = arguments.GetValue(Tags),
            MetricsPercent = arguments.GetValue(MetricsPercent) is >= 0 and <= 100 and var percent ? percent : throw new FormatException("--metrics-percent is 0 to 100."),
            GaugeValues = arguments.GetValue(GaugeValues),
            Sources = arguments.GetValue(Sources),
            Skew = arguments.GetValue(Skew),
            Readers = arguments.GetValue(Readers),
            ShardId = arguments.GetValue(ShardId)!,
            Types = [.. arguments.GetValue(Types)!],
            PreferredTags = arguments.GetValue(PreferredTags),
            ReaderRate = arguments.GetValue(ReaderRate),
            Sse = arguments.GetValue(Sse)!,
            Lines = arguments.GetValue(Lines)!,
            Outage = ReadOutage(arguments.GetValue(Outage)!),
            WebSocket = arguments.GetValue(Ws)!,
            Tailers = arguments.GetValue(Tailers),
            Warmup = TimeSpan.FromSeconds(arguments.GetValue(Warmup)),
            Duration = TimeSpan.FromSeconds(arguments.GetValue(Duration)),
            Drain = TimeSpan.FromSeconds(arguments.GetValue(Drain)),
            Pids = [.. arguments.GetValue(Pids)!.Select(NamedTarget.Parse)],
            Scrapes = [.. arguments.GetValue(Scrapes)!.Select(NamedTarget.Parse)],
            Run = arguments.GetValue(RunId),
        };
    }

    private static (TimeSpan From, TimeSpan For) ReadOutage(string text)
    {
        if (text.Length == 0)
        {
            return default;
        }

        return text.Split(':') is [var from, var time]
            ? (TimeSpan.FromSeconds(double.Parse(from, CultureInfo.InvariantCulture)), TimeSpan.FromSeconds(double.Parse(time, CultureInfo.InvariantCulture)))
            : throw new FormatException($"--outage {text}: write FROM:FOR in seconds, for example 10:60.");
    }

    private static async Task WriteJsonAsync(LoadReport report, string file, CancellationToken cancel)
    {
        if (file == "-")
        {
            await Console.Out.WriteLineAsync(ReportJson.Write(report));
        }
        else if (file.Length > 0)
        {
            await File.WriteAllTextAsync(file, ReportJson.Write(report) + "\n", cancel);
        }
    }

    private static Option<T> One<T>(string name, string description, T value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Option<string[]> Many(string name, string description, string[]? values = null) => new(name)
    {
        Description = description + " (comma-separated)",
        DefaultValueFactory = _ => values ?? [],
        CustomParser = result => [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))],
    };
}
