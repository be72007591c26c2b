using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Lets so many queries run at a time and so many wait; further ones are refused. Any thread.</summary>
internal sealed class QueryGate(IOptions<TrafficControllerOptions> options, TrafficControllerCounters counters) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.Value.MaxQueries);
    private int _inside;

    /// <summary>Waits for its turn; what is returned ends it.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _inside) > options.Value.MaxQueries + options.Value.MaxWaitingQueries)
        {
            Interlocked.Decrement(ref _inside);
            Interlocked.Increment(ref counters.RefusedQueries);
            throw new MetricsUnavailableException("too many queries at a time: try again later");
        }

        try
        {
            await _free.WaitAsync(cancel);
        }
        catch
        {
            Interlocked.Decrement(ref _inside);
            throw;
        }

        return new Turn(this);
    }

    public void Dispose() => _free.Dispose();

    private void Leave()
    {
        Interlocked.Decrement(ref _inside);
        _free.Release();
    }

    private sealed class Turn(QueryGate gate) : IDisposable
    {
        private QueryGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave();
    }
}
