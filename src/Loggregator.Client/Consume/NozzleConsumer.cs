using System.Runtime.CompilerServices;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume.Acknowledged;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Client;

/// <summary>
/// A member of an acknowledged group at all Dopplers of ours. Each envelope that the group asks for comes to one member, and again, to it or to another,
/// until it is acknowledged, or its Doppler's log has lost it, which is told. A source stays with one member while the members stay the same. One reader;
/// any thread may acknowledge.
/// </summary>
public sealed class NozzleConsumer : IAsyncDisposable
{
    private static readonly TimeSpan DnsRefresh = TimeSpan.FromSeconds(5);

    private readonly NozzleOptions _options;
    private readonly PeerCredentials? _credentials;
    private readonly GroupConsumer _group;
    private bool _started;
    private int _readers;
    private volatile bool _leaving;

    /// <summary>A member that joins when it is read.</summary>
    /// <param name="options">Where it reads, and as whom.</param>
    /// <param name="query">The group, and what it reads.</param>
    /// <exception cref="ArgumentException">An option, or a part of the query, is of no use; the message names it and the cure.</exception>
    /// <exception cref="CredentialsException">The certificates cannot be used.</exception>
    public NozzleConsumer(NozzleOptions options, NozzleQuery query)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(query);
        _options = options.Check();
        var group = new GroupConsumerOptions
        {
            ShardId = query.ShardId,
            Start = query.Start(),
            Selectors = [.. query.Selectors()],
            Member = options.Member,
            WindowBytes = options.WindowBytes,
        };
        var directory = new DopplerDirectory(options.Dopplers, DnsRefresh, options.Clock, NullLogger.Instance);
        _credentials = options.Tls?.ForPeer(options.Clock);
        _group = new GroupConsumer(group, directory, new PeerConnector(_credentials), options.Clock, NullLogger.Instance);
    }

    /// <summary>How it fares with each Doppler now.</summary>
    public IReadOnlyList<DopplerState> Dopplers => _group.Dopplers;

    /// <summary>
    /// Joins the group at every Doppler there is, now and later, and yields what comes, in order for each Doppler, until <paramref name="cancel"/> or
    /// disposal. Whatever breaks is made again by itself. What is not asked for waits in the Dopplers' logs, but for the window of each. May be called again
    /// when an enumeration has ended, and goes on where that ended.
    /// </summary>
    /// <param name="cancel">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="StreamBrokenException">The group could not be joined anywhere in <see cref="NozzleOptions.JoinTimeout"/>; the message says why.</exception>
    /// <exception cref="InvalidOperationException">It is being read already.</exception>
    public async IAsyncEnumerable<NozzleBatch> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_leaving, this);
        if (Interlocked.Exchange(ref _readers, 1) != 0)
        {
            throw new InvalidOperationException("The consumer is being read already: it has one reader.");
        }

        try
        {
            await JoinAsync(cancel).ConfigureAwait(false);
            await foreach (var frame in _group.ReadAllAsync(cancel).ConfigureAwait(false))
            {
                NozzleBatch batch;
                using (frame)
                {
                    if (_leaving)
                    {
                        break; // to acknowledge it would say nothing
                    }

                    batch = new NozzleBatch(frame, _group);
                }

                yield return batch;
            }
        }
        finally
        {
            Volatile.Write(ref _readers, 0);
        }
    }

    /// <summary>
    /// Leaves the group, so that the others take over at once what is unacknowledged, when the Dopplers have taken note of what is acknowledged, or
    /// <see cref="NozzleOptions.CloseTimeout"/> is over. A <see cref="ReadAllAsync"/> under way ends.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _leaving = true;
        await _group.LeaveAsync(_options.CloseTimeout).ConfigureAwait(false);
        await _group.DisposeAsync().ConfigureAwait(false);
        _credentials?.Dispose();
    }

    private async Task JoinAsync(CancellationToken cancel)
    {
        if (!_started)
        {
            _started = true;
            _group.Start();
        }

        try
        {
            await _group.Joined.WaitAsync(_options.JoinTimeout, _options.Clock, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            var states = Dopplers.Select(doppler => $"{doppler.Address}: {doppler.LastError ?? "no answer yet"}").DefaultIfEmpty($"{string.Join(", ", _options.Dopplers)} has no address");
            throw new StreamBrokenException(
                $"Group {_group.Options.ShardId} could not be joined in {_options.JoinTimeout.TotalSeconds:0.#} s: {string.Join("; ", states)}.");
        }
    }
}
