using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Agent.Forwarding;

/// <summary>
/// The Dopplers that the directory knows, which of them live, and which of these owns a lane: the rendezvous choice of (agent, lane), keyed
/// by the id that a Doppler announces. One watcher per Doppler probes it while it is not alive, so that lanes come back.
/// </summary>
internal sealed class DopplerPool : IAsyncDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMilliseconds(1500), SuspectLimit = TimeSpan.FromMilliseconds(500);
    private readonly AgentOptions _options;
    private readonly DopplerDirectory _directory;
    private readonly PeerConnector _connector;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ulong _epoch;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DopplerPeer Peer, CancellationTokenSource Stop, Task Watch)> _watched = [];
    private readonly List<Task> _retired = [];
    private volatile DopplerPeer[] _peers = [];
    private bool _deserted; // that none lives has been told

    public DopplerPool(AgentOptions options, ulong epoch, DopplerDirectory directory, PeerConnector connector, TimeProvider time, ILogger log)
    {
        _options = options;
        _epoch = epoch;
        _directory = directory;
        _connector = connector;
        _time = time;
        _log = log;
    }

    /// <summary>Raised, on any thread, when an owner may have changed.</summary>
    public event Action? Changed;

    /// <summary>Whether a Doppler lives.</summary>
    public bool AnyAlive => _peers.Any(peer => peer.State == PeerState.Alive);

    /// <summary>Whether each Doppler has answered or failed to.</summary>
    public bool AllTried => _peers is { Length: > 0 } peers && peers.All(peer => peer.State != PeerState.Unknown);

    /// <summary>Dopplers with open links.</summary>
    public int InUse => _peers.Count(peer => peer.InUse);

    public void Start()
    {
        _directory.Changed += Follow;
        Follow();
    }

    /// <summary>The Doppler that a lane belongs to now, null when none lives. It may be suspect: then the lane waits.</summary>
    public DopplerPeer? Owner(ulong lane)
    {
        DopplerPeer? owner = null;
        var best = 0UL;
        foreach (var peer in _peers)
        {
            if (peer.State is PeerState.Alive or PeerState.Suspect && Rendezvous.Score(lane, peer.Key) is var score && (owner is null || score > best))
            {
                owner = peer;
                best = score;
            }
        }

        return owner;
    }

    /// <summary>Whether the directory still names it.</summary>
    public bool Knows(DopplerPeer peer) => Array.IndexOf(_peers, peer) >= 0;

    /// <summary>The key of a lane of this agent for <see cref="Owner"/>.</summary>
    public ulong LaneKey(int lane) => Rendezvous.Hash(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{_options.AgentId}/{lane}")));

    /// <summary>The greeting of a lane; <see cref="AgentOptions.Lanes"/> itself is the one that only probes.</summary>
    public IngestHello Hello(int lane) => new() { AgentId = _options.AgentId, Epoch = _epoch, Lane = (uint)lane, Protocol = 1 };

    /// <summary>A Doppler has answered on a stream of this generation.</summary>
    public void Report(DopplerPeer peer, int generation, IngestAnswer answer)
    {
        if (peer.Rise(generation, answer.DopplerId, answer.Leaving))
        {
            if (answer.Leaving)
            {
                Log.DopplerLeaves(_log, peer.Name, peer.Address);
                peer.Fallen.Set();
            }
            else
            {
                Log.DopplerAnswers(_log, peer.Name, peer.Address);
                Volatile.Write(ref _deserted, false);
            }

            Changed?.Invoke();
        }
    }

    /// <summary>A stream of this generation is over, or was silent for too long.</summary>
    public void Report(DopplerPeer peer, int generation, PeerState state, string reason)
    {
        var wasUp = peer.State is PeerState.Alive or PeerState.Suspect;
        if (!peer.Fall(generation, state, reason))
        {
            return;
        }

        if (state == PeerState.Dead)
        {
            if (wasUp)
            {
                Log.DopplerDied(_log, peer.Name, peer.Address, reason);
            }
            else
            {
                Log.DopplerUnreachable(_log, peer.Address, reason);
            }

            if (AllTried && !_peers.Any(other => other.State is PeerState.Alive or PeerState.Suspect) && !Interlocked.Exchange(ref _deserted, true))
            {
                Log.NoDoppler(_log, _options.RingBytes);
            }
        }

        Changed?.Invoke();
    }

    public async ValueTask DisposeAsync()
    {
        _directory.Changed -= Follow;
        Task[] ends;
        lock (_lock)
        {
            foreach (var address in _watched.Keys.ToArray())
            {
                Retire(address);
            }

            _peers = [];
            ends = [.. _retired];
        }

        await Task.WhenAll(ends);
    }

    /// <summary>Makes the peers those that the directory names.</summary>
    private void Follow()
    {
        lock (_lock)
        {
            var addresses = _directory.Current;
            foreach (var gone in _watched.Keys.Except(addresses).ToArray())
            {
                Retire(gone);
            }

            foreach (var address in addresses.Where(address => !_watched.ContainsKey(address)))
            {
                var peer = new DopplerPeer(address, () => _connector.Open(address, PeerConnector.DopplerName));
                var stop = new CancellationTokenSource();
                _watched[address] = (peer, stop, WatchAsync(peer, stop.Token));
            }

            _retired.RemoveAll(task => task.IsCompleted);
            _peers = [.. addresses.Select(address => _watched[address].Peer)];
        }

        Changed?.Invoke();
    }

    private void Retire(string address)
    {
        _watched.Remove(address, out var watched);
        watched.Stop.Cancel();
        watched.Stop.Dispose();
        watched.Peer.Fallen.Set();
        _retired.Add(watched.Watch);
    }

    private async Task WatchAsync(DopplerPeer peer, CancellationToken cancel)
    {
        await Task.Yield();
        var attempt = 0;
        while (!cancel.IsCancellationRequested)
        {
            if (peer.State == PeerState.Alive)
            {
                attempt = 0;
                await peer.Fallen.WaitAsync();
                continue;
            }

            // One that leaves refuses new streams while it still answers for batches on its old ones: a probe would bury these with it.
            if (peer.State != PeerState.Leaving || !peer.InUse)
            {
                await ProbeAsync(peer, cancel);
            }

            if (peer.State != PeerState.Alive)
            {
                // Cancellation is the loop's condition, so no exception is made of it.
                await Task.Delay(Backoff(attempt++), _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        peer.Retire();
    }

    /// <summary>Short at first, up to 5 s for one that stays away; jitter keeps agents from knocking all at once.</summary>
    private static TimeSpan Backoff(int attempt)
    {
        var most = attempt < 10 ? Math.Min(100 << Math.Min(attempt, 10), 1000) : 5000;
        return TimeSpan.FromMilliseconds(most * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private async Task ProbeAsync(DopplerPeer peer, CancellationToken cancel)
    {
        var limit = peer.State == PeerState.Suspect ? SuspectLimit : AnswerLimit;
        var channel = peer.Channel(out var generation);
        using var timeout = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var options = new CallOptions(cancellationToken: either.Token);
        try
        {
            var answer = _options.OriginalDopplers
                ? await KnockAsync(channel.CreateCallInvoker(), options)
                : await GreetAsync(channel.CreateCallInvoker(), options);
            Report(peer, generation, answer);
        }
        catch (Exception exception) when (LinkFailure.Is(exception))
        {
            if (!cancel.IsCancellationRequested)
            {
                var reason = timeout.IsCancellationRequested ? $"no answer within {limit.TotalSeconds:0.#} s" : PeerFailure.Text(exception);
                Report(peer, generation, PeerState.Dead, reason);
            }
        }
    }

    private async Task<IngestAnswer> GreetAsync(CallInvoker invoker, CallOptions options)
    {
        using var call = invoker.AsyncDuplexStreamingCall(RawMethods.Ingest, null, options);
        using var greeting = MessageBuffer.Rent(256);
        new IngestBatch { Hello = Hello(_options.Lanes) }.WriteTo(greeting);
        await call.RequestStream.WriteAsync(greeting);
        if (!await call.ResponseStream.MoveNext(options.CancellationToken))
        {
            throw new IOException("it ended the stream without an answer");
        }

        using var message = call.ResponseStream.Current;
        var answer = IngestAnswer.Parser.ParseFrom(message.Span);
        await call.RequestStream.CompleteAsync();
        return answer;
    }

    /// <summary>An original Doppler never answers, but an empty batch can only be written to one that is there.</summary>
    private static async Task<IngestAnswer> KnockAsync(CallInvoker invoker, CallOptions options)
    {
        using var call = invoker.AsyncClientStreamingCall(RawMethods.BatchSender, null, options);
        using var empty = MessageBuffer.Rent(0);
        await call.RequestStream.WriteAsync(empty);
        return new IngestAnswer();
    }
}
