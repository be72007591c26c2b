using System.Runtime.InteropServices;
using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Commands;

/// <summary>
/// Reads a role's configuration again on SIGHUP and whenever its file has changed, and hands it to the running role. A configuration with errors is
/// told and changes nothing.
/// </summary>
internal sealed class ReloadWatch : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly RoleHost _host;
    private readonly Func<RoleSettings> _read;
    private readonly string? _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AsyncSignal _asked = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _hangup;
    private readonly Task _watching;

    /// <summary>Watches until it is disposed.</summary>
    /// <param name="host">The role.</param>
    /// <param name="read">Reads all settings anew.</param>
    /// <param name="file">The configuration file; null: there is none.</param>
    /// <param name="seen">Its stamp from before the settings were read that the role was started with: a change since then is not missed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told of errors.</param>
    public ReloadWatch(RoleHost host, Func<RoleSettings> read, string? file, FileStamp seen, TimeProvider time, ILogger logger)
    {
        (_host, _read, _file, _time, _logger) = (host, read, file, time, logger);
        _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _asked.Set();
        });
        _watching = WatchAsync(seen);
    }

    public async ValueTask DisposeAsync()
    {
        _hangup.Dispose();
        await _stop.CancelAsync();
        _asked.Set();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(FileStamp seen)
    {
        await using var look = _time.CreateTimer(
            _ =>
            {
                if (FileStamp.Of(_file) is var now && now != seen)
                {
                    seen = now;
                    _asked.Set();
                }
            },
            null,
            _file is null ? Timeout.InfiniteTimeSpan : LookEvery,
            LookEvery);
        while (true)
        {
            await _asked.WaitAsync();
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            await ReloadAsync();
        }
    }

    private async Task ReloadAsync()
    {
        var settings = _read();
        if (settings.Errors.Count > 0)
        {
            ProcessLog.NotReloaded(_logger, string.Join(" ", settings.Errors));
            return;
        }

        await _host.ReloadAsync(settings.Options(_host.Role));
    }

    /// <summary>What changes when a file is written; all zero for one that is not there.</summary>
    internal readonly record struct FileStamp(DateTime Written, long Length)
    {
        /// <summary>The stamp of a file as it is now.</summary>
        public static FileStamp Of(string? path) => path is not null && new FileInfo(path) is { Exists: true } file ? new(file.LastWriteTimeUtc, file.Length) : default;
    }
}
