using Microsoft.Extensions.Hosting;

namespace Loggregator.Doppler.Lifetime;

/// <summary>
/// The order of a planned stop: agents are told to leave and finish; when the last of them has gone, or half of the deadline, readers go on
/// until they have read everything; at the deadline what is left is cut. Any thread.
/// </summary>
internal sealed class Draining : IDisposable
{
    private static readonly TimeSpan LastMessages = TimeSpan.FromMilliseconds(200); // of producers that cannot be told to leave
    private readonly DopplerCounters _counters;
    private readonly CancellationTokenSource _endOfIngress;
    private readonly CancellationTokenSource _endOfAgents;
    private readonly CancellationTokenSource _readOut;
    private readonly CancellationTokenSource _cut;
    private readonly CancellationTokenRegistration _stopping;

    public Draining(IHostApplicationLifetime lifetime, DopplerOptions options, DopplerCounters counters, TimeProvider time)
    {
        _counters = counters;
        Stopping = lifetime.ApplicationStopping;
        _endOfIngress = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _endOfAgents = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _readOut = new CancellationTokenSource();
        _cut = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var deadline = options.DrainDeadline;
        _endOfAgents.Token.Register(_readOut.Cancel);
        _stopping = Stopping.Register(() =>
        {
            _endOfIngress.CancelAfter(deadline < LastMessages ? deadline : LastMessages);
            _endOfAgents.CancelAfter(deadline / 2);
            _cut.CancelAfter(deadline);
            LetReadersFinish();
        });
    }

    /// <summary>The role is to stop: tell peers.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Producers of the original protocol are not read any more.</summary>
    public CancellationToken EndOfIngress => _endOfIngress.Token;

    /// <summary>Agents of ours are not read any more.</summary>
    public CancellationToken EndOfAgents => _endOfAgents.Token;

    /// <summary>Nothing more will be appended: readers end when they have read everything.</summary>
    public CancellationToken ReadOut => _readOut.Token;

    /// <summary>The deadline: readers are cut.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Counts a stream while it is open.</summary>
    public StreamScope Enter(StreamKind kind)
    {
        Interlocked.Increment(ref Gauge(kind));
        return new StreamScope(this, kind);
    }

    public void Leave(StreamKind kind)
    {
        Interlocked.Decrement(ref Gauge(kind));
        if (kind == StreamKind.Ingress && Stopping.IsCancellationRequested)
        {
            LetReadersFinish();
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _endOfIngress.Dispose();
        _endOfAgents.Dispose();
        _readOut.Dispose();
        _cut.Dispose();
    }

    private ref long Gauge(StreamKind kind)
    {
        switch (kind)
        {
            case StreamKind.Ingress:
                return ref _counters.IngressStreams;
            case StreamKind.Egress:
                return ref _counters.EgressStreams;
            default:
                return ref _counters.AttachStreams;
        }
    }

    private void LetReadersFinish()
    {
        if (Interlocked.Read(ref _counters.IngressStreams) == 0)
        {
            _readOut.Cancel();
        }
    }
}
