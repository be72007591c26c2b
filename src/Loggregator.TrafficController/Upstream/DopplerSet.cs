using System.Collections.Concurrent;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// The Dopplers and the streams that read from all of them. A stream that is open reads from a Doppler that appears later too. The
/// set's lock comes before the nodes' gates.
/// </summary>
internal sealed class DopplerSet : IAsyncDisposable
{
    private const int MaxCounts = 1_000_000; // about 100 bytes each, of all streams together
    private readonly Lock _sync = new();
    private readonly StampBudget _stamps = new(MaxCounts);
    private readonly Dictionary<string, DopplerNode> _nodes = []; // by address
    private readonly ConcurrentDictionary<DopplerIdentity, DopplerNode> _admitted = new();
    private readonly List<OriginalNode> _originals = [];
    private readonly HashSet<EnvelopeStream> _streams = [];
    private readonly List<Task> _ending = []; // of nodes that are not listed any more
    private readonly DopplerDirectory _directory;
    private readonly PeerConnector _connector;
    private readonly TrafficControllerCounters _counters;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private bool _closed;

    public DopplerSet(
        IOptions<TrafficControllerOptions> options,
        PeerConnector connector,
        TrafficControllerCounters counters,
        TimeProvider time,
        ILoggerFactory logs)
    {
        _log = logs.CreateLogger("Loggregator.TrafficController");
        _connector = connector;
        _counters = counters;
        _time = time;
        _directory = new DopplerDirectory(options.Value.Dopplers, options.Value.DnsRefresh, time, _log, connector.Resolve);
        foreach (var address in options.Value.OriginalDopplers)
        {
            _originals.Add(new OriginalNode(address, connector, options.Value.ClientBytes, counters, time, _log));
        }
    }

    /// <summary>How this role calls itself towards Dopplers.</summary>
    public string ClientId { get; } = $"traffic-controller/{Environment.MachineName}/{Guid.NewGuid():N}";

    /// <summary>Set once, when the role begins to stop.</summary>
    public bool Stopping { get; set; }

    /// <summary>Whether there are original Dopplers, which are never known to be attached.</summary>
    public bool HasOriginals => _originals.Count > 0;

    /// <summary>Our Dopplers, whether attached or not.</summary>
    public DopplerNode[] Nodes
    {
        get
        {
            lock (_sync)
            {
                return [.. _nodes.Values];
            }
        }
    }

    /// <summary>Attaches to what the directory lists, now and later, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        _directory.Changed += Follow;
        Follow();
        await _directory.RunAsync(cancel);
    }

    /// <summary>Opens a stream over all Dopplers.</summary>
    /// <param name="request">What it reads.</param>
    /// <param name="ready">Called, by any thread and under locks, whenever there is something to take; null: it is waited for.</param>
    public EnvelopeStream Open(StreamRequest request, Action? ready = null)
    {
        // What an original Doppler brings is not in pages of ours, so nothing could be proven.
        var stream = new EnvelopeStream(
            request, this, _counters, _time.GetUnixNanoseconds(), HasOriginals ? null : _stamps, _time, ready);
        lock (_sync)
        {
            _streams.Add(stream);
            stream.Memberships = [.. _nodes.Values.Select(node => node.Join(stream, request.Start))];

            foreach (var node in _originals)
            {
                stream.Originals.Add(node.Join(stream));
            }
        }

        return stream;
    }

    /// <summary>Ends a stream at every Doppler.</summary>
    public void Close(EnvelopeStream stream)
    {
        lock (_sync)
        {
            if (!_streams.Remove(stream))
            {
                return;
            }

            foreach (var member in stream.Memberships)
            {
                member.Node.Leave(member);
            }

            foreach (var member in stream.Originals)
            {
                foreach (var node in _originals)
                {
                    node.Leave(member);
                }
            }
        }
    }

    /// <summary>Whether this Doppler may be attached by this node: not if another address has led to the same run of it.</summary>
    public bool Admit(DopplerNode node, DopplerIdentity identity) => _admitted.GetOrAdd(identity, node) == node;

    /// <summary>A node does not read from this Doppler any more.</summary>
    public void Dismiss(DopplerNode node, DopplerIdentity identity) => _admitted.TryRemove(new(identity, node));

    /// <summary>A node that is not listed any more has ended; its streams read on from the others.</summary>
    public void Forget(DopplerNode node)
    {
        lock (_sync)
        {
            if (!_closed && _nodes.TryGetValue(node.Attachment.Address, out var listed) && listed == node)
            {
                _nodes.Remove(node.Attachment.Address);
                _ending.RemoveAll(task => task.IsCompleted);
                _ending.Add(node.DisposeAsync().AsTask());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _directory.Changed -= Follow;
        DopplerNode[] nodes;
        lock (_sync)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            nodes = [.. _nodes.Values];
        }

        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var original in _originals)
        {
            await original.StopAsync();
        }

        await Task.WhenAll(_ending);
    }

    private void Follow()
    {
        var listed = _directory.Current;
        lock (_sync)
        {
            if (_closed)
            {
                return;
            }

            foreach (var node in _nodes.Values)
            {
                if (!listed.Contains(node.Attachment.Address))
                {
                    node.Attachment.Retire(); // what runs goes on until it breaks
                }
            }

            foreach (var address in listed)
            {
                if (!_nodes.TryGetValue(address, out var node) || !node.Attachment.Resume())
                {
                    Attach(address);
                }
            }
        }
    }

    private void Attach(string address)
    {
        var node = new DopplerNode(address, _connector, this, _counters, _time, _log);
        _nodes[address] = node;
        foreach (var stream in _streams)
        {
            // What such a Doppler holds since the stream was opened is new to it.
            var start = stream.Request.Start.ForLateDoppler(stream.OpenedAt);
            stream.Memberships = [.. stream.Memberships, node.Join(stream, start)];
        }

        node.Attachment.Start();
    }
}
