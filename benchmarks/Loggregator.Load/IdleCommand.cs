using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Loggregator.Load.Receiving;
using Loggregator.Load.Watching;

namespace Loggregator.Load;

/// <summary><c>loggregator-load idle</c>: very many WebSockets on which nothing comes but pings.</summary>
internal static class IdleCommand
{
    private const int AtATime = 32; // handshakes
    private static readonly Option<string> Ws = new("--ws") { Description = "address; {n} in it is replaced by the number of the connection", Required = true };
    private static readonly Option<int> Count = new("--count") { Description = "connections", DefaultValueFactory = _ => 10_000 };
    private static readonly Option<string> Ca = new("--ca") { Description = "the CA that the server's certificate is checked against (PEM)", DefaultValueFactory = _ => "" };
    private static readonly Option<double> Hold = new("--hold") { Description = "seconds to stay after all are open", DefaultValueFactory = _ => 40.0 };
    private static readonly Option<string[]> Pids = new("--pids") { Description = "processes to measure: NAME=PID", AllowMultipleArgumentsPerToken = true };

    public static Command Create()
    {
        var command = new Command("idle", "Opens connections, holds them, and says what they cost.") { Ws, Count, Ca, Hold, Pids };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        using var peers = new Peers(new LoadOptions { Ca = arguments.GetValue(Ca)! });
        var count = arguments.GetValue(Count);
        var watches = (arguments.GetValue(Pids) ?? []).SelectMany(pids => pids.Split(',')).Select(NamedTarget.Parse).ToList();
        var before = watches.ConvertAll(Sample);
        var links = new List<WebSocketLink>();
        var reading = new List<Task<string>>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var opening = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancel }, async (n, token) =>
        {
            var address = new Uri(arguments.GetValue(Ws)!.Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
            var link = await WebSocketLink.OpenAsync(address, peers.TlsOptions(address.Host), token);
            lock (links)
            {
                links.Add(link);
                reading.Add(UntilEndAsync(link, end.Token));
            }
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} connections opened in {opening.Elapsed.TotalSeconds:F1} s"));
        var opened = watches.ConvertAll(Sample);
        var hold = arguments.GetValue(Hold);
        await Task.Delay(TimeSpan.FromSeconds(hold), cancel);
        var after = watches.ConvertAll(Sample);
        for (var i = 0; i < watches.Count; i++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{watches[i].Name}: {after[i].PeakResidentBytes >> 20} MiB at most (before {before[i].ResidentBytes >> 20}, {(after[i].PeakResidentBytes - before[i].ResidentBytes) / 1024.0 / count:F1} KiB each), "
                + $"{opened[i].CpuSeconds - before[i].CpuSeconds:F1} CPU s to open, {(after[i].CpuSeconds - opened[i].CpuSeconds) / hold:F3} cores while held"));
        }

        var lost = reading.Where(task => task.IsCompleted).ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lost.Count} lost{(lost.Count > 0 ? ", the first: " + lost[0].Result : "")}"));
        await end.CancelAsync();
        await Task.WhenAll(reading);
        links.ForEach(link => link.Dispose());
        return lost.Count == 0 ? 0 : 1;
    }

    private static async Task<string> UntilEndAsync(WebSocketLink link, CancellationToken cancel)
    {
        try
        {
            return await link.ReadAsync(_ => { }, cancel);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException)
        {
            return e.Message;
        }
    }

    private static ProcessSample Sample(NamedTarget target) => ProcessSample.Take(int.Parse(target.Target, CultureInfo.InvariantCulture)) ?? default;
}
