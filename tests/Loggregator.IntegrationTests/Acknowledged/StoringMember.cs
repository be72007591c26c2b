using Loggregator.Client.Connect;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Faults;

namespace Loggregator.IntegrationTests.Acknowledged;

/// <summary>
/// A nozzle in the small: a member of an acknowledged group that stores what it gets and acknowledges what it has stored. Each of its links to a
/// Doppler passes a proxy of its own, so that it can be killed: its links are cut without a close, and what it had not stored is gone.
/// </summary>
internal sealed class StoringMember : IAsyncDisposable
{
    public const string Shard = "nozzle";
    private static readonly Selector Logs = new() { Log = new LogSelector() };
    private readonly List<FaultProxy> _proxies;
    private readonly Random _random;
    private readonly StoredLines _store;
    private readonly Task _reading;

    /// <summary>Joins.</summary>
    /// <param name="dopplers">Where.</param>
    /// <param name="store">Where it stores; a store may be shared.</param>
    /// <param name="errors">Gets what it logs.</param>
    /// <param name="seed">Decides how many frames it gathers before it stores them.</param>
    /// <param name="change">Changes what it asks for.</param>
    public StoringMember(
        IEnumerable<ClusterRole> dopplers, StoredLines store, ErrorRecorder errors, int seed, Func<GroupConsumerOptions, GroupConsumerOptions>? change = null)
    {
        _store = store;
        _random = new Random(seed);
        Dopplers = [.. dopplers];
        _proxies = [.. Dopplers.Select((doppler, index) => new FaultProxy(doppler.GrpcPort, seed + index))];
        var options = new GroupConsumerOptions { ShardId = Shard, Selectors = [Logs], Member = $"member-{seed}" };
        var log = errors.CreateLogger("member");
        var directory = new DopplerDirectory(_proxies.Select(proxy => proxy.Address), TimeSpan.FromMinutes(1), TimeProvider.System, log);
        Consumer = new GroupConsumer(change?.Invoke(options) ?? options, directory, new PeerConnector(), TimeProvider.System, log);
        Consumer.Start();
        _reading = ReadAsync();
    }

    public GroupConsumer Consumer { get; }

    public List<ClusterRole> Dopplers { get; }

    /// <summary>It reads, and neither stores nor acknowledges.</summary>
    public bool Hangs { get; set; }

    /// <summary>Bytes of envelopes that it has got.</summary>
    public long Got { get; private set; }

    public bool IsJoined => Consumer.Dopplers is { Count: > 0 } dopplers && dopplers.All(doppler => doppler.Attached);

    public FaultProxy LinkTo(ClusterRole doppler) => _proxies[Dopplers.IndexOf(doppler)];

    public Task JoinedAsync(CancellationToken cancel) => Deadline.UntilAsync(
        () => IsJoined, () => $"joined at all Dopplers: {string.Join(", ", Consumer.Dopplers)}", cancel);

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        foreach (var proxy in _proxies)
        {
            proxy.Cut(refuse: true);
        }

        Hangs = true;
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Consumer.DisposeAsync();
        await _reading;
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }
    }

    private async Task ReadAsync()
    {
        var gathered = new List<ConsumedFrame>();
        var until = 1;
        await using var frames = Consumer.ReadAllAsync().GetAsyncEnumerator();
        while (true)
        {
            var next = frames.MoveNextAsync();
            if ((gathered.Count >= until || !next.IsCompleted) && !Hangs)
            {
                Store(gathered);
                until = _random.Next(1, 4);
            }

            if (!await next)
            {
                break;
            }

            Got += frames.Current.Records.Length;
            gathered.Add(frames.Current);
        }

        gathered.ForEach(frame => frame.Dispose());
    }

    private void Store(List<ConsumedFrame> frames)
    {
        foreach (var frame in frames)
        {
            _store.Store(frame);
            frame.Acknowledge();
            frame.Dispose();
        }

        frames.Clear();
    }
}
