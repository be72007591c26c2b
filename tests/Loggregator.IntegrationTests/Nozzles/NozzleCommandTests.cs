using System.Collections.Concurrent;
using System.Diagnostics;
using Loggregator.IntegrationTests.Exe;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Nozzles;

/// <summary>The command <c>nozzle</c> as an operator uses it; no Doppler is there, which must hinder nothing of this.</summary>
public sealed class NozzleCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-command-").FullName;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly List<Process> _started = [];

    public void Dispose()
    {
        foreach (var process in _started)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task ConfigurationFile_ThatChanges_ChangesSinks_AndOneWithErrorsChangesNothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var file = Path.Combine(_folder, "nozzle.json");
        await WriteAsync(file, """ "first": { "url": "blackhole:" } """);
        var nozzle = Start("nozzle", "--config", file);
        await SaidAsync("nozzle listens on", cancel);

        await WriteAsync(file, """ "first": { "url": "blackhole:", "sources": "app-*" }, "second": { "url": "blackhole:?mode=live" } """);
        await SaidAsync("Sinks are first, second; 1 changed.", cancel);

        await WriteAsync(file, """ "first": { "url": "kafka://user:hidden@broker:9092/logs?partitoin=key" } """);
        await SaidAsync("nothing of it is taken over", cancel);
        Assert.Contains(_said, line => line.Contains("there is no option 'partitoin'. Did you mean 'partition'?", StringComparison.Ordinal));
        Assert.DoesNotContain(_said, line => line.Contains("hidden", StringComparison.Ordinal));

        var before = _said.Count;
        await DevProcess.SignalAsync(nozzle, "HUP");
        await Deadline.UntilAsync(() => _said.Skip(before).Any(line => line.Contains("nothing of it is taken over", StringComparison.Ordinal)), () => "SIGHUP reads it again", cancel);
        await WriteAsync(file, """ "second": { "url": "blackhole:?mode=live" } """);
        await SaidAsync("Sinks are second; 1 changed.", cancel);
        Assert.Equal(0, await DevProcess.TerminateAsync(nozzle));
    }

    [Fact(Timeout = 120_000)]
    public async Task Spool_OfAnotherProcess_IsRefusedWithTheCure()
    {
        var cancel = TestContext.Current.CancellationToken;
        var first = Start("nozzle", "--sink", "blackhole:");
        await SaidAsync("nozzle listens on", cancel);
        var second = await DevProcess.RunAsync("nozzle", "--sink", "blackhole:", "--spool", Path.Combine(_folder, "spool"), "--metrics-listen", "127.0.0.1:0");
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("is in use by another process. Give each sink of each nozzle a folder of its own.", second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Error, StringComparison.Ordinal);
        Assert.Equal(0, await DevProcess.TerminateAsync(first));
    }

    [Fact]
    public async Task Configuration_IsShownWithoutSecrets_AndItsErrorsToo()
    {
        const string Secret = "s3cret";
        string[] sinks =
        [
            "--sink", $"kafka://user:{Secret}@b1:9092,b2:9092/logs?sasl=plain", "--sink", $"web=https-batch://host/path/{Secret}?key={Secret}#token={Secret}",
            "--set", "Nozzle:Sinks:other:url=syslog://host:514", "--set", "Nozzle:Sinks:other:sources=app-*",
        ];
        var printed = await DevProcess.RunAsync(["config", "print", "nozzle", .. sinks]);
        Assert.Equal(0, printed.ExitCode);
        Assert.Contains("kafka://b1:9092,b2:9092/logs", printed.Out, StringComparison.Ordinal);
        Assert.Contains("Nozzle:Sinks:other:sources", printed.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, printed.Out + printed.Error, StringComparison.Ordinal);

        var wrong = await DevProcess.RunAsync("nozzle", "--sink", $"kafka://user:{Secret}@b1:9092/logs?linger=3", "--sink", $"file:///tmp/a?tokn={Secret}&mode=durabel", "--sink", "ftp://host");
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("5 errors", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("There is no sink for 'ftp:'.", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, wrong.Out + wrong.Error, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(string file, string sinks)
    {
        await File.WriteAllTextAsync(file + ".new", $$"""{ "Nozzle": { "Sinks": { {{sinks}} } } }""");
        File.Move(file + ".new", file, overwrite: true);
    }

    private Task SaidAsync(string text, CancellationToken cancel) => Deadline.UntilAsync(
        () => _said.Any(line => line.Contains(text, StringComparison.Ordinal)), () => $"'{text}' is said; said was:\n{string.Join('\n', _said)}", cancel, TimeSpan.FromSeconds(60));

    private Process Start(params string[] args)
    {
        var process = DevProcess.Start([.. args, "--spool", Path.Combine(_folder, "spool"), "--metrics-listen", "127.0.0.1:0", "--emit-to", "", "--doppler", "127.0.0.1:1"]);
        _started.Add(process);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
