using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Runs what reads series, each in its turn and for so long, and counts it. Any thread.</summary>
internal sealed class MetricQueries(
    MetricReads reads, QueryGate gate, TrafficControllerCounters counters, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    /// <summary>Limits and switches of queries.</summary>
    public EngineOptions Engine { get; } = new() { MaxSamples = options.Value.MaxQuerySamples, Timeout = options.Value.QueryTimeout };

    /// <summary>Runs a query and what is done with its result.</summary>
    /// <param name="scope">Whose metrics it may see.</param>
    /// <param name="timeout">How long the query may take, its turn included.</param>
    /// <param name="work">Reads and evaluates.</param>
    /// <param name="use">Takes the result, whose samples are charged until it is done.</param>
    /// <param name="cancel">Ends it; the caller is gone.</param>
    public async Task RunAsync<T>(
        SourceScope scope, TimeSpan timeout, Func<MetricReading, CancellationToken, ValueTask<T>> work, Func<T, Task> use, CancellationToken cancel)
    {
        using var reading = reads.Open(scope);
        await use(await RunAsync(reading, timeout, work, cancel));
    }

    private async Task<T> RunAsync<T>(MetricReading reading, TimeSpan timeout, Func<MetricReading, CancellationToken, ValueTask<T>> work, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        var done = false;
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        Interlocked.Increment(ref counters.Queries);
        Interlocked.Increment(ref counters.QueriesOpen);
        try
        {
            using var turn = await gate.EnterAsync(either.Token);
            var result = await work(reading, either.Token);
            done = true;
            return result;
        }
        catch (Exception e) when (e is OperationCanceledException or PromQlException { Fault: PromQlFault.Canceled } && late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new PromQlException(PromQlFault.Timeout, "query timed out in " + (e is PromQlException ? "expression evaluation" : "query execution"));
        }
        catch (PromQlException e) when (e.Fault is PromQlFault.Parse or PromQlFault.Parameters)
        {
            done = true;
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref counters.QueriesOpen);
            Interlocked.Add(ref counters.QuerySamples, reading.SamplesRead);
            Interlocked.Add(ref counters.QueryMicroseconds, (long)time.GetElapsedTime(began).TotalMicroseconds);
            Interlocked.Add(ref counters.FailedQueries, done ? 0 : 1);
            Interlocked.Add(ref counters.PartialQueries, reading.Partial ? 1 : 0);
        }
    }
}
