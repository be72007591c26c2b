using System.Text;
using Grpc.Net.Client;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Sharding;

namespace Loggregator.Agent.Forwarding;

/// <summary>
/// What is known of the Doppler at one address. Any thread may read it and report to it; <see cref="DopplerPool"/> alone watches it.
/// </summary>
internal sealed class DopplerPeer
{
    private readonly Lock _lock = new();
    private readonly Func<GrpcChannel> _dial;
    private GrpcChannel? _channel;
    private volatile PeerState _state;
    private volatile string? _id;
    private volatile string _reason = "";
    private ulong _key;
    private int _links;
    private bool _retired;

    public DopplerPeer(string address, Func<GrpcChannel> dial)
    {
        Address = address;
        _dial = dial;
        _key = Rendezvous.Hash(Encoding.UTF8.GetBytes(address));
    }

    public string Address { get; }

    /// <summary>Its instance id once it has announced one, else its address.</summary>
    public string Name => _id ?? Address;

    /// <summary>Rendezvous hash of <see cref="Name"/>.</summary>
    public ulong Key => Volatile.Read(ref _key);

    public PeerState State => _state;

    /// <summary>Why it is not alive.</summary>
    public string Reason => _reason;

    /// <summary>Whether links are open to it.</summary>
    public bool InUse
    {
        get
        {
            lock (_lock)
            {
                return _links > 0;
            }
        }
    }

    /// <summary>Grows when it is declared dead: links that were opened before are void.</summary>
    public int Generation { get; private set; }

    /// <summary>Set when it is no longer alive, for its watcher.</summary>
    public AsyncSignal Fallen { get; } = new();

    /// <summary>A channel to it. The connection is made when it is used.</summary>
    public GrpcChannel Channel(out int generation)
    {
        lock (_lock)
        {
            generation = Generation;
            return _channel ??= _dial();
        }
    }

    /// <summary>A link was opened on its channel.</summary>
    public void Use()
    {
        lock (_lock)
        {
            _links++;
        }
    }

    /// <summary>A link was closed.</summary>
    public void Unuse() => CloseIfIdle(closedLinks: 1, retire: false);

    /// <summary>The directory does not name it any more: its channel goes with its last link.</summary>
    public void Retire() => CloseIfIdle(closedLinks: 0, retire: true);

    /// <summary>It has answered.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Rise(int generation, string? id, bool leaving)
    {
        lock (_lock)
        {
            if (generation != Generation)
            {
                return false; // an answer from before its death
            }

            var state = leaving ? PeerState.Leaving : PeerState.Alive;
            var news = state != _state;
            if (!string.IsNullOrEmpty(id) && id != _id)
            {
                _id = id;
                Volatile.Write(ref _key, Rendezvous.Hash(Encoding.UTF8.GetBytes(id)));
                news = true;
            }

            _state = state;
            return news;
        }
    }

    /// <summary>A stream to it broke, it says that it leaves, or it is dead.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Fall(int generation, PeerState state, string reason)
    {
        GrpcChannel? broken = null;
        lock (_lock)
        {
            var known = _state == state || (state == PeerState.Suspect && _state != PeerState.Alive);
            if (generation != Generation || (known && state != PeerState.Dead))
            {
                return false;
            }

            _state = state;
            _reason = reason;
            if (state == PeerState.Dead)
            {
                (broken, _channel) = (_channel, null);
                Generation++;
            }

            Fallen.Set();
            if (known)
            {
                broken?.Dispose();
                return false;
            }
        }

        broken?.Dispose(); // outside: it completes calls, and these report here
        return true;
    }

    private void CloseIfIdle(int closedLinks, bool retire)
    {
        GrpcChannel? idle = null;
        lock (_lock)
        {
            _links -= closedLinks;
            _retired |= retire;
            if (_retired && _links == 0)
            {
                (idle, _channel) = (_channel, null);
            }
        }

        idle?.Dispose();
    }
}
