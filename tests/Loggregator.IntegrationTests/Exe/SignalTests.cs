using System.Text.RegularExpressions;
using Xunit;

namespace Loggregator.IntegrationTests.Exe;

public sealed partial class SignalTests
{
    [Theory(Timeout = 120_000)]
    [InlineData("TERM", "TERM")]
    [InlineData("INT", "INT")]
    [InlineData("TERM", "INT")]
    public async Task Role_SecondSignalWhileItDrains_EndsAtOnceWith130(string first, string second)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var agent = DevProcess.Start(
            "agent", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--doppler", "127.0.0.1:1", "--drain-deadline", "10m", "--emit-to", "");
        try
        {
            var address = ListensOn().Match(await LineWithAsync(agent.StandardError, "agent listens on", cancel)).Groups[1].Value;
            Assert.Equal(0, (await DevProcess.RunAsync("emit", "--source", "held", "--agent", address, "--counter", "x=1")).ExitCode);

            await DevProcess.SignalAsync(agent, first);
            await LineWithAsync(agent.StandardError, "A second signal ends at once", cancel);
            Assert.False(agent.HasExited, "It drained although no Doppler takes what it holds.");
            await DevProcess.SignalAsync(agent, second);
            await agent.WaitForExitAsync(cancel);
            Assert.Equal(130, agent.ExitCode);
        }
        finally
        {
            agent.Kill();
        }
    }

    private static async Task<string> LineWithAsync(StreamReader reader, string text, CancellationToken cancel)
    {
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new EndOfStreamException($"It ended without saying '{text}'.");
    }

    [GeneratedRegex(@"listens on (\S+) \(gRPC\)")]
    private static partial Regex ListensOn();
}
