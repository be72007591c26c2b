using System.Diagnostics;
using Xunit;

namespace Loggregator.IntegrationTests.Exe;

/// <summary>The completion scripts, driven by their shells: bash and zsh at a terminal of their own with the tab key, fish by its own completer.</summary>
public sealed class CompletionTests(DevWithSources dev) : IClassFixture<DevWithSources>
{
    public static TheoryData<string, string, string> AtATerminal()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var shell in new[] { "bash", "zsh" })
        {
            data.Add(shell, "loggregator fireh", "loggregator firehose");
            data.Add(shell, "loggregator certs iss", "loggregator certs issue");
            data.Add(shell, "loggregator tail --no-f", "loggregator tail --no-follow");
            data.Add(shell, "loggregator tail --format pre", "loggregator tail --format pretty");
            data.Add(shell, "loggregator doppler --log-b", "loggregator doppler --log-bytes");
            data.Add(shell, "loggregator tail web-f", "loggregator tail web-front");
            data.Add(shell, "loggregator tail web-front web-b", "loggregator tail web-front web-back");
            data.Add(shell, "loggregator tail urn:a", "loggregator tail urn:app:1");
            data.Add(shell, "loggregator tail za", @"loggregator tail zap\$\(touch");
        }

        return data;
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(AtATerminal))]
    public async Task BashAndZsh_TabKey_Completes(string shell, string typed, string completed)
    {
        // zsh's zpty module gives the shell a terminal. What is typed is echoed, and so is what the shell completes.
        var driver = $$"""
            zmodload zsh/zpty
            zpty -e shell '{{(shell == "bash" ? "bash --norc --noprofile -i" : "zsh -f -i")}}'
            zpty -w shell '{{(shell == "bash" ? "PS1=" : "PS1=; unset zle_bracketed_paste; autoload -Uz compinit; compinit -D -u")}}'
            zpty -w shell 'source <(loggregator completion {{shell}}); echo re""ady'
            zpty -r shell seen '*ready*'
            zpty -w -n shell $TYPED$'\t'
            zpty -r shell seen "*${(b)COMPLETED}*" && print completed
            """;
        var ran = await RunAsync("zsh", ["-f", "-c", driver], TestContext.Current.CancellationToken, ("TYPED", typed), ("COMPLETED", completed));
        Assert.Equal(("completed\n", ""), ran);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("loggregator fireh", "firehose")]
    [InlineData("loggregator certs iss", "issue")]
    [InlineData("loggregator tail --no-f", "--no-follow")]
    [InlineData("loggregator tail --format pre", "pretty")]
    [InlineData("loggregator tail web-f", "web-front")]
    [InlineData("loggregator tail za", DevWithSources.Hostile)]
    public async Task Fish_Completer_Completes(string typed, string completed)
    {
        // Source ids come within half a second or not at all, which a busy machine may miss: whoever types presses TAB again.
        const string driver = """
            loggregator completion fish | source
            for i in (seq 20)
                set -l found (complete -C "$TYPED")
                if count $found >/dev/null
                    printf '%s\n' $found
                    break
                end
            end
            """;
        var ran = await RunAsync("fish", ["--no-config", "-c", driver], TestContext.Current.CancellationToken, ("TYPED", typed));
        Assert.Equal((completed + "\n", ""), ran);
    }

    [Fact]
    public async Task Suggestions_NoTrafficController_AreNoSourcesAndNoError()
    {
        var ran = await DevProcess.RunAsync("[suggest:44]", "loggregator tail --url http://127.0.0.1:1 we");
        Assert.Equal((0, ""), (ran.ExitCode, ran.Out.Trim()));
    }

    /// <summary>Runs a shell to its end, in a folder where nothing may be written, with the executable on its path and the sources of this test's <c>dev</c>.</summary>
    private async Task<(string Out, string Error)> RunAsync(
        string program, string[] arguments, CancellationToken cancel, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = dev.Folder.FullName };
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{start.Environment["PATH"]}";
        start.Environment["LOGGREGATOR_URL"] = dev.Url;
        start.Environment["TERM"] = "dumb";
        start.Environment["HOME"] = start.Environment["XDG_CONFIG_HOME"] = start.Environment["XDG_DATA_HOME"] = Path.GetTempPath();
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end: {await output} {await error}");
        }

        Assert.Empty(dev.Folder.EnumerateFiles().Select(file => file.Name)); // what the hostile source would have had done
        return (await output, await error);
    }
}
