using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Loggregator.Configuration;
using Loggregator.Hosting;

namespace Loggregator.TestKit.Cluster;

/// <summary>A role in a process of its own: the built executable, which can be killed with -9.</summary>
internal sealed partial class ProcessLife : IRoleLife
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProcessLife(Process process) => _process = process;

    public IServiceProvider Services => throw new InvalidOperationException("The role runs in another process.");

    public bool Ready => _port.Task.IsCompletedSuccessfully && !_process.HasExited;

    /// <summary>Starts <c>loggregator ROLE</c> and waits until it listens.</summary>
    public static async Task<ProcessLife> StartAsync(string role, IReadOnlyList<Setting> settings, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "loggregator.dll"), role])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var setting in settings)
        {
            start.Environment["LOGGREGATOR_" + setting.Key.Replace(":", "__", StringComparison.Ordinal)] = string.Join(',', setting.Values);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet was not started.");
        var life = new ProcessLife(process);
        process.ErrorDataReceived += (_, line) => life.Take(line.Data);
        process.OutputDataReceived += (_, line) => life.Take(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        try
        {
            await Deadline.ResultAsync(life._port.Task, $"{role} listens", cancel);
            return life;
        }
        catch (TimeoutException e)
        {
            await life.AbortAsync();
            throw new TimeoutException($"{e.Message}; it said:\n{life._output}", e);
        }
    }

    public IPEndPoint AddressOf(ListenerKind kind) => kind == ListenerKind.Grpc
        ? new IPEndPoint(IPAddress.Loopback, _port.Task.Result)
        : throw new NotSupportedException($"{kind} of another process");

    public IPEndPoint AddressOf(string key) => throw new NotSupportedException($"{key} of another process");

    public Task StopAsync() => throw new NotSupportedException("A process of its own is killed.");

    public async Task AbortAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (ListenAddress().Match(line) is { Success: true } match)
        {
            _port.TrySetResult(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@" listens on .*\b127\.0\.0\.1:(\d+) \(gRPC\)")]
    private static partial Regex ListenAddress();
}
