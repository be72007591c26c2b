using System.Diagnostics;
using System.Globalization;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.IntegrationTests.Exe;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Nozzles;

/// <summary>
/// The oracle: a nozzle in a process of its own is killed with -9 again and again while lines come. Whatever a Doppler was told is stored must reach the
/// sink, nothing may come that nobody sent, and what comes twice was under way at a kill.
/// <c>LOGGREGATOR_SOAK_KILLS</c> sets how often, <c>LOGGREGATOR_SEED</c> when.
/// </summary>
public sealed class NozzleKillTests : ClusterTest, IAsyncDisposable
{
    private static readonly string[] Apps = [.. Enumerable.Range(0, 8).Select(app => $"app-{app}")];
    private const int Dopplers = 2, LineBytes = 200;
    private const int MaxLag = 50_000;
    private const int WindowBytes = 64 * 1024; // what a Doppler has sent and not yet heard to be stored
    private const int SinkBatchBytes = 1024 * 1024; // what is written and not yet marked as delivered
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-kill-").FullName;

    private string Output => Path.Combine(_folder, "out.ndjson");

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact] // its time depends on the number of kills
    public async Task KilledAtRandomMoments_LosesNothingThatItAcknowledged()
    {
        var kills = Setting("LOGGREGATOR_SOAK_KILLS", 25);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(300 + (10 * kills)));
        var cancel = patience.Token;
        var seed = Setting("LOGGREGATOR_SEED", 20261123);
        var random = new Random(seed);
        var cluster = await StartAsync(new ClusterOptions { Dopplers = Dopplers, Agents = 1, TrafficControllers = 0 });
        var first = await NozzleAsync(cluster, cancel);
        var load = Load(cluster.Produce(cluster.Agents[0]), Apps, linesPerRound: 2, bytes: LineBytes);
        await load.MoreAsync(200, cancel);
        var nozzle = first;
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(random.Next(0, 250), cancel); // into whatever it is doing
            nozzle.Kill();
            await nozzle.WaitForExitAsync(cancel);
            nozzle.Dispose();
            nozzle = await NozzleAsync(cluster, cancel);
            await Deadline.UntilAsync(() => Lag(cluster) < MaxLag, () => $"the nozzle keeps up; it lags by {Lag(cluster)}", cancel); // or a long soak would outgrow the log
        }

        await load.MoreAsync(200, cancel);
        await load.StopAsync();
        var file = SinkFile.Of(Output);
        await Deadline.UntilAsync(
            () => file.Refresh().Count >= load.Total,
            () => $"all {load.Total} lines with seed {seed}; {file.Count} came. {Groups(cluster)}",
            cancel,
            TimeSpan.FromSeconds(60));
        Assert.Equal(0, await DevProcess.TerminateAsync(nozzle));
        nozzle.Dispose();

        file.Refresh();
        foreach (var app in Apps)
        {
            Assert.Equal(Enumerable.Range(0, (int)load.Accepted(app)).Select(number => (long)number), file.Numbers(app));
        }

        Assert.Empty(file.Gaps);
        Assert.InRange(file.Duplicates, 0, kills * (long)(((Dopplers * WindowBytes) + SinkBatchBytes) / LineBytes));
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills: {load.Total} lines, {file.Duplicates} came twice, {file.Cut} were cut off");
    }

    private static string Groups(InProcessCluster cluster) => string.Join(
        "; ", cluster.Dopplers.SelectMany(doppler => doppler.Services.GetRequiredService<DopplerCounters>().Groups).Select(group => group.ToString()));

    private static long Lag(InProcessCluster cluster) =>
        cluster.Dopplers.SelectMany(doppler => doppler.Services.GetRequiredService<DopplerCounters>().Groups).Sum(group => group.LagEnvelopes);

    private static int Setting(string name, int usual) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : usual;

    private async Task<Process> NozzleAsync(InProcessCluster cluster, CancellationToken cancel)
    {
        var process = DevProcess.Start(
            "nozzle",
            "--doppler",
            string.Join(',', cluster.Dopplers.Select(doppler => doppler.GrpcAddress)),
            "--sink",
            $"file://{Output}",
            "--spool",
            Path.Combine(_folder, "spool"),
            "--set",
            $"Nozzle:WindowBytes={WindowBytes}",
            "--metrics-listen",
            "127.0.0.1:0",
            "--emit-to",
            "");
        var joined = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                joined.TrySetException(new InvalidOperationException("The nozzle ended before it joined its group."));
            }
            else if (line.Data.Contains("Joined group", StringComparison.Ordinal))
            {
                joined.TrySetResult(true);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Deadline.ResultAsync(joined.Task, "the nozzle joins its group", cancel);
        return process;
    }
}
