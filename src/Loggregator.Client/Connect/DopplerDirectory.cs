using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Connect;

/// <summary>
/// The Dopplers there are: a fixed list of <c>host:port</c>, where a name is resolved to all of its addresses and resolved again.
/// Any thread may read <see cref="Current"/>, an immutable snapshot. A lookup that fails keeps the last answer.
/// </summary>
internal sealed class DopplerDirectory
{
    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(5);
    private readonly HostAndPort[] _peers;
    private readonly Dictionary<string, IPAddress[]> _answers = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _failing = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeSpan _refresh;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private volatile string[] _current = [];

    /// <summary>Knows the IP literals of <paramref name="addresses"/> at once, the names after the first refresh.</summary>
    /// <param name="addresses">Each as <see cref="HostAndPort"/> reads it.</param>
    /// <param name="refresh">Between two lookups of the names.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Gets a line per change.</param>
    /// <param name="resolve">Looks a name up; the system's resolver when null.</param>
    /// <exception cref="FormatException">An address that is not <c>host:port</c>.</exception>
    public DopplerDirectory(
        IEnumerable<string> addresses,
        TimeSpan refresh,
        TimeProvider time,
        ILogger log,
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _peers = [.. addresses.Select(HostAndPort.Parse)];
        _refresh = refresh;
        _time = time;
        _log = log;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        _current = Combine();
    }

    /// <summary>Raised, on any thread, after <see cref="Current"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>Addresses to dial, <c>ip:port</c> or <c>localhost:port</c>, sorted, without duplicates.</summary>
    public IReadOnlyList<string> Current => _current;

    /// <summary>Refreshes until cancelled. A list without names is never refreshed.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (_peers.Any(IsName))
            {
                await RefreshAsync(cancel).ConfigureAwait(false);
                await Task.Delay(_refresh, _time, cancel).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end of the loop, as asked for.
        }
    }

    /// <summary>Looks all names up once. One caller at a time.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        foreach (var host in _peers.Where(IsName).Select(peer => peer.Host).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            await LookUpAsync(host, cancel).ConfigureAwait(false);
        }

        var next = Combine();
        if (next.AsSpan().SequenceEqual(_current))
        {
            return;
        }

        _current = next;
        Log.DopplersChanged(_log, next.Length, string.Join(", ", next));
        Changed?.Invoke();
    }

    private async Task LookUpAsync(string host, CancellationToken cancel)
    {
        string reason;
        try
        {
            var answer = await _resolve(host, cancel).WaitAsync(LookupTimeout, _time, cancel).ConfigureAwait(false);
            if (answer.Length != 0)
            {
                _answers[host] = answer;
                _failing.Remove(host);
                return;
            }

            reason = "it has no address";
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            reason = exception.Message.TrimEnd('.');
        }

        if (_failing.Add(host))
        {
            Log.LookupFailed(_log, host, reason, _answers.TryGetValue(host, out var kept) ? kept.Length : 0);
        }
    }

    private string[] Combine() =>
    [
        .. _peers.SelectMany(Dial).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>localhost is one peer with two addresses, of which a connection uses the one that answers; other names stand for a peer per address.</summary>
    private static bool IsName(HostAndPort peer) => !peer.IsLocalhost && !IPAddress.TryParse(peer.Host, out _);

    private IEnumerable<string> Dial(HostAndPort peer)
    {
        if (peer.IsLocalhost)
        {
            return [peer.ToString()];
        }

        IPAddress[] addresses = IPAddress.TryParse(peer.Host, out var literal) ? [literal] : _answers.GetValueOrDefault(peer.Host, []);
        return addresses.Select(address => new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, peer.Port).ToString());
    }
}
