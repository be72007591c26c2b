using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Loggregator.TestKit.Sinks;

/// <summary>A real receiver in a process and a folder of its own; ended by its id, or killed with its test.</summary>
public sealed class PeerProcess : IDisposable
{
    private const int Stop = 19, Continue = 18, Terminate = 15; // signals of Linux
    private readonly ProcessStartInfo _start;
    private readonly List<string> _output = [];
    private Process? _process;

    /// <summary>A process that does not run yet.</summary>
    public PeerProcess(string program, string folder, IReadOnlyDictionary<string, string>? environment = null, params string[] arguments)
    {
        _start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            _start.Environment[name] = value;
        }
    }

    /// <summary>What it has said.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <summary>A port of loopback that was free a moment ago.</summary>
    public static int FreePort(bool udp = false)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, udp ? SocketType.Dgram : SocketType.Stream, udp ? ProtocolType.Udp : ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Whether something accepts connections at a port of loopback.</summary>
    public static bool Accepts(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Starts it and waits until it is ready; a command may have ended by then.</summary>
    public async Task StartAsync(Func<bool> ready, CancellationToken cancel)
    {
        _process = new Process { StartInfo = _start };
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Cluster.Deadline.UntilAsync(
            () => ready() || _process.HasExited, () => $"{_start.FileName} is not ready: {Output}", cancel, TimeSpan.FromSeconds(90));
        if (!_process.HasExited)
        {
            return;
        }

        await _process.WaitForExitAsync(cancel); // all that it said has come by then
        if (!ready())
        {
            throw new InvalidOperationException($"{_start.FileName} has ended with {_process.ExitCode}: {Output}");
        }
    }

    /// <summary>Asks it to end, as its service manager would, and waits until it has.</summary>
    public async Task EndAsync(CancellationToken cancel)
    {
        Signal(Terminate);
        await _process!.WaitForExitAsync(cancel);
        _process.Dispose();
        _process = null;
    }

    /// <summary>Ends it without a word, as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process?.Dispose();
        _process = null;
    }

    /// <summary>It stays, but runs no more.</summary>
    public void Freeze() => Signal(Stop);

    /// <summary>It runs on.</summary>
    public void Thaw() => Signal(Continue);

    /// <inheritdoc/>
    public void Dispose() => Kill();

    private void Signal(int number)
    {
        using var kill = Process.Start("kill", [$"-{number}", _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private void Note(string? line)
    {
        lock (_output)
        {
            if (line is not null && _output.Count < 1_000)
            {
                _output.Add(line);
            }
        }
    }
}
