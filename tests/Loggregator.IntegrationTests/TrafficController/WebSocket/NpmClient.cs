using System.Diagnostics;
using System.Text.Json;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>npm's <c>ws</c> in a process of its own; what it hears, event by event.</summary>
internal sealed class NpmClient : IAsyncDisposable
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "ws-client");
    private readonly Process _process;

    private NpmClient(Process process) => _process = process;

    public static NpmClient Start(string url, params string[] flags)
    {
        Assert.True(Directory.Exists(Path.Combine(Folder, "node_modules", "ws")), "npm's ws is not installed: run 'npm ci' in tests/ws-client.");
        var start = new ProcessStartInfo("node", [Path.Combine(Folder, "client.mjs"), url, .. flags])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new NpmClient(Process.Start(start)!);
    }

    /// <summary>The next event.</summary>
    public async Task<JsonElement> ReadAsync()
    {
        var line = await Eventually.WithinAsync(_process.StandardOutput.ReadLineAsync(), "another event of the client");
        return JsonDocument.Parse(line ?? throw new EndOfStreamException("The client has ended.")).RootElement;
    }

    /// <summary>The next event of this kind; others are passed over.</summary>
    public async Task<JsonElement> ReadAsync(string kind)
    {
        while (true)
        {
            var next = await ReadAsync();
            if (next.GetProperty("event").GetString() == kind)
            {
                return next;
            }

            Assert.NotEqual("error", next.GetProperty("event").GetString());
        }
    }

    /// <summary>Sends a ping of this text.</summary>
    public async Task PingAsync(string text)
    {
        await _process.StandardInput.WriteLineAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
