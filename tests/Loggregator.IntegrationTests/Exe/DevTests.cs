using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Loggregator.IntegrationTests.Exe;

public sealed class DevTests
{
    [Fact]
    public async Task Dev_WhatIsEmitted_IsTailedAndListed()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var dev = await DevProcess.StartAsync();
        using var http = new HttpClient();
        Assert.Contains("\"status\":\"ok\"", await http.GetStringAsync(dev.Metrics.Replace("/metrics", "/health", StringComparison.Ordinal), cancel), StringComparison.Ordinal);
        Assert.Contains("\"role\":\"traffic-controller\"", await http.GetStringAsync(dev.Url + "/health", cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(dev.Url + "/metrics", cancel)).StatusCode);

        var file = Path.GetTempFileName();
        await File.WriteAllLinesAsync(file, Enumerable.Range(1, 50).Select(i => "line " + i), cancel);
        var emitted = await DevProcess.RunAsync("emit", "--source", "shop", "--agent", dev.Agent, file);
        File.Delete(file);
        Assert.Equal((0, "50 envelopes sent.\n"), (emitted.ExitCode, emitted.Error));

        var ran = await DevProcess.RunAsync("run", "--source", "build", "--agent", dev.Agent, "--", "sh", "-c", "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), ran);

        var tailed = await TailAsync(dev, "shop", "--no-follow", "--format", "raw");
        Assert.Equal(Enumerable.Range(1, 50).Select(i => "line " + i), tailed);
        Assert.Equal(["err", "out"], (await TailAsync(dev, "build", "--no-follow", "--format", "raw")).Order());

        var listed = await DevProcess.RunAsync("sources", "--url", dev.Url);
        Assert.Contains("shop", listed.Out, StringComparison.Ordinal);
        Assert.Contains("build", listed.Out, StringComparison.Ordinal);
        Assert.Matches(@"^SOURCE +ENVELOPES +PER SECOND +LOGS +METRICS +SERIES +SINCE +LAST +EVICTED +LOST", listed.Out);

        var meta = await DevProcess.RunAsync("meta", "--url", dev.Url, "--noise", "--sort-by", "rate");
        Assert.Equal((0, ""), (meta.ExitCode, meta.Error));
        Assert.Matches(@"^Source +Source Type +Count +Expired +Cache Duration +Rate/minute", meta.Out);
        Assert.Matches(@"(?m)^shop +platform +50 +0 +[0-9]+s +0 *$", meta.Out);
        Assert.Equal(0, await dev.TerminateAsync());
    }

    [Fact]
    public async Task Tail_SourceThatDoesNotExistYet_SaysSoWaitsAndEndsWithASummary()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var dev = await DevProcess.StartAsync();
        using var tail = DevProcess.Start("tail", "later", "--url", dev.Url, "--format", "raw");
        Assert.Contains("later", await tail.StandardError.ReadLineAsync(cancel) ?? "", StringComparison.Ordinal);

        await DevProcess.RunAsync("run", "--source", "later", "--agent", dev.Agent, "--", "echo", "now");
        Assert.Equal("now", await tail.StandardOutput.ReadLineAsync(cancel));
        Assert.Equal(0, await DevProcess.TerminateAsync(tail));
        Assert.Contains("1 shown, 0 missed", await tail.StandardError.ReadToEndAsync(cancel), StringComparison.Ordinal);
        await dev.TerminateAsync();
    }

    [Fact]
    public async Task Role_PortTaken_FailsWithKeyAndCure()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)taken.LocalEndPoint!).Port}");
        var ran = await DevProcess.RunAsync("doppler", "--listen", address, "--metrics-listen", "127.0.0.1:0");
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains($"Doppler:Listen: cannot listen on {address} (the port is taken)", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Role_FiveErrors_TellsAllFive()
    {
        var ran = await DevProcess.RunAsync(
            "config", "check", "agent", "--set", "Agent:Lanes=0", "--set", "Agent:Dopplers=nowhere", "--set", "Agnt:Lanes=1", "--set", "Agent:RingBytes=1", "--set", "Log:Level=loud");
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("5 errors", ran.Error, StringComparison.Ordinal);
        Assert.Equal(5, ran.Error.Split('\n').Count(line => line.StartsWith("  - ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Emit_NoAgent_TellsWhatWasLostAndFails()
    {
        var ran = await DevProcess.RunAsync("emit", "--source", "a", "--agent", "127.0.0.1:1", "--counter", "x=1");
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("1 envelope did not reach the agent at 127.0.0.1:1", ran.Error, StringComparison.Ordinal);
    }

    private static async Task<string[]> TailAsync(DevProcess dev, params string[] args)
    {
        var ran = await DevProcess.RunAsync(["tail", "--url", dev.Url, .. args]);
        Assert.Equal(0, ran.ExitCode);
        return ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
