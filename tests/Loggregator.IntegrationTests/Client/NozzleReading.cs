using System.Globalization;
using Loggregator.Client;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Faults;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

/// <summary>A nozzle as users write it: reads numbered lines, and acknowledges them unless it <see cref="Hangs"/>. Its links pass proxies, so that it can be killed.</summary>
internal sealed class NozzleReading : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<FaultProxy> _proxies;
    private readonly Dictionary<EnvelopeId, (string Source, long Number)> _lines = [];
    private readonly List<StreamGap> _gaps = [];
    private readonly List<NozzleBatch> _unacknowledged = [];
    private readonly NozzleConsumer _consumer;
    private readonly Task _reading;
    private string _cursor = "";

    public NozzleReading(IEnumerable<ClusterRole> dopplers, NozzleQuery query, long? window = null, bool hangs = false)
    {
        _proxies = [.. dopplers.Select((doppler, index) => new FaultProxy(doppler.GrpcPort, seed: index))];
        var options = new NozzleOptions { Dopplers = [.. _proxies.Select(proxy => proxy.Address)] };
        options.WindowBytes = window ?? options.WindowBytes;
        Hangs = hangs;
        _consumer = new NozzleConsumer(options, query);
        _reading = ReadAsync();
    }

    /// <summary>It reads, and does not acknowledge.</summary>
    public bool Hangs { get; }

    public bool IsJoined => _consumer.Dopplers is { Count: > 0 } dopplers && dopplers.All(doppler => doppler.Attached);

    public long UnacknowledgedBytes => _consumer.Dopplers.Sum(doppler => doppler.UnacknowledgedBytes);

    /// <summary>Of the last batch.</summary>
    public string Cursor
    {
        get
        {
            lock (_lock)
            {
                return _cursor;
            }
        }
    }

    public IReadOnlyDictionary<EnvelopeId, (string Source, long Number)> Lines
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<EnvelopeId, (string, long)>(_lines);
            }
        }
    }

    public IReadOnlyList<StreamGap> Gaps
    {
        get
        {
            lock (_lock)
            {
                return [.. _gaps];
            }
        }
    }

    public Task UntilAsync(Func<bool> reached, string what) => Deadline.UntilAsync(
        () => reached() || _reading.IsFaulted,
        () => $"{what}; came: {Lines.Count} lines, {Gaps.Count} gaps; {string.Join(", ", _consumer.Dopplers)}",
        TestContext.Current.CancellationToken);

    public Task JoinedAsync() => UntilAsync(() => IsJoined, "it has joined at all Dopplers");

    /// <summary>Acknowledges what it has in hand.</summary>
    public void AcknowledgeAll()
    {
        lock (_lock)
        {
            _unacknowledged.ForEach(batch => batch.Acknowledge());
            _unacknowledged.Clear();
        }
    }

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        foreach (var proxy in _proxies)
        {
            proxy.Cut(refuse: true);
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _consumer.DisposeAsync();
        await _reading;
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        _proxies.Clear(); // disposed once by the test, and once more at its end
    }

    private async Task ReadAsync()
    {
        await foreach (var batch in _consumer.ReadAllAsync())
        {
            lock (_lock)
            {
                foreach (var (id, envelope) in batch.Records)
                {
                    _lines[id] = (envelope.SourceId, long.Parse(((LogEnvelope)envelope).Text.Split(' ')[0], CultureInfo.InvariantCulture));
                }

                _gaps.AddRange(batch.Gaps);
                _cursor = batch.Cursor;
                _unacknowledged.Add(batch);
            }

            if (!Hangs)
            {
                AcknowledgeAll();
            }
        }
    }
}
