using Grpc.Core;

namespace Loggregator.Doppler.Series;

/// <summary>Who may aggregate now: as many calls as half the processors, so that ingest has the others; the next ones wait, and of these there are so many. Any thread.</summary>
internal sealed class AggregateTurns : IDisposable
{
    private const int MaxWaiting = 64;
    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    /// <summary>Waits for a turn, which is to be given back; false if there was none for so long.</summary>
    public async Task<bool> TryTakeAsync(TimeSpan patience, CancellationToken cancel)
    {
        try
        {
            return Interlocked.Increment(ref _waiting) <= MaxWaiting
                ? await _turns.WaitAsync(patience, cancel)
                : throw new RpcException(new Status(StatusCode.Unavailable, $"More than {MaxWaiting} aggregations wait for their turn here."));
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Gives a turn back.</summary>
    public void Give() => _turns.Release();

    public void Dispose() => _turns.Dispose();
}
