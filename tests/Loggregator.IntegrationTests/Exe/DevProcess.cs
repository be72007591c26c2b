using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Loggregator.IntegrationTests.Exe;

/// <summary>The executable as a user runs it, in a process of its own, every port picked.</summary>
internal sealed class DevProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private DevProcess(Process process, string welcome)
    {
        _process = process;
        Agent = Address(welcome, "gRPC ingress");
        Url = Address(welcome, "HTTP, SSE");
        Metrics = Address(welcome, "metrics").Split(',')[0];
    }

    public string Agent { get; }

    public string Url { get; }

    public string Metrics { get; }

    public int Id => _process.Id;

    public static async Task<DevProcess> StartAsync()
    {
        var ports = new[]
        {
            "Agent:Listen", "Agent:UdpListen", "Doppler:Listen", "TrafficController:HttpListen", "TrafficController:GrpcListen", "Metrics:Agent", "Metrics:Doppler", "Metrics:TrafficController",
        };
        var process = Start(["dev", .. ports.SelectMany(port => new[] { "--set", port + "=127.0.0.1:0" })]);
        _ = process.StandardError.ReadToEndAsync();
        var welcome = "";
        using var patience = new CancellationTokenSource(Patience);
        while (!welcome.Contains("Ctrl-C ends", StringComparison.Ordinal))
        {
            welcome += await process.StandardOutput.ReadLineAsync(patience.Token) + "\n";
        }

        return new DevProcess(process, welcome);
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Out, string Error)> RunAsync(params string[] args)
    {
        using var process = Start(args);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command that goes on.</summary>
    public static Process Start(params string[] args)
    {
        var name = OperatingSystem.IsWindows() ? "loggregator.exe" : "loggregator";
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, name), args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_DATA_HOME"] = Path.GetTempPath();
        return Process.Start(start)!;
    }

    /// <summary>Sends a signal, for example <c>TERM</c>.</summary>
    public static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Ends a process as a service manager does.</summary>
    public static async Task<int> TerminateAsync(Process process)
    {
        await SignalAsync(process, "TERM");
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public Task<int> TerminateAsync() => TerminateAsync(_process);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static string Address(string welcome, string what) => Regex.Match(welcome, Regex.Escape(what) + @"\s+(\S+)").Groups[1].Value;
}
