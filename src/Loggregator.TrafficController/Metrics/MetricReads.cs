using Google.Protobuf;
using Grpc.Core;
using Loggregator.PromQl;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Metrics;

/// <summary>
/// Reads series from the Dopplers: all are asked at once, as a source may have moved to any of them since it announced what it holds, and one that holds
/// nothing of the sources named says so at once. Who cannot be reached, says nothing for a while or breaks off is left out, and a warning tells.
/// </summary>
internal sealed class MetricReads(DopplerSet dopplers, AggregateReads aggregates, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10); // without a frame
    private readonly ReadBudget _budget = new(options.Value.QueryBytes);

    /// <summary>Begins a query; what it reads is charged until it is disposed.</summary>
    /// <param name="scope">Whose metrics it sees, whatever it asks for.</param>
    public MetricReading Open(SourceScope scope) => new(this, aggregates, new ReadCharge(_budget), scope);

    /// <summary>What a query reads is more than it may.</summary>
    public static PromQlException TooMuch() => new(PromQlFault.Execution, "query processing would load too many samples into memory in query execution");

    /// <summary>Asks all Dopplers.</summary>
    /// <param name="request">What for.</param>
    /// <param name="answers">Makes what takes a Doppler's frames.</param>
    /// <param name="charge">Takes what is kept.</param>
    /// <param name="maxSamples">More than so many fail the query.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<(IReadOnlyList<SeriesAnswer> Answers, Completeness Whole)> AskAsync(
        ReadSeriesRequest request, Func<SeriesAnswer> answers, ReadCharge charge, int maxSamples, CancellationToken cancel)
    {
        var nodes = dopplers.Nodes;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var limits = new Limits(charge, maxSamples, stop);
        var parts = await Task.WhenAll(nodes.Select(node => AskAsync(node, request, answers(), limits, stop.Token)));
        cancel.ThrowIfCancellationRequested();
        if (limits.Passed)
        {
            throw TooMuch();
        }

        var answered = parts.OfType<SeriesAnswer>().ToList();
        return answered.Count == 0 && nodes.Length > 0
            ? throw new MetricsUnavailableException($"none of {nodes.Length} Dopplers answered")
            : (answered, Completeness.Of(nodes, answered.Count, request.Start));
    }

    private async Task<SeriesAnswer?> AskAsync(DopplerNode node, ReadSeriesRequest request, SeriesAnswer answer, Limits limits, CancellationToken cancel)
    {
        if (node.Attachment.Identity is null)
        {
            return null;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            using var message = MessageBuffer.Rent(request.CalculateSize());
            request.WriteTo(message);
            using var call = node.Attachment.ReadSeries(message, either.Token);
            while (await call.ResponseStream.MoveNext(either.Token))
            {
                using var frame = call.ResponseStream.Current;
                if (!answer.TryAdd(frame))
                {
                    return null;
                }

                if (!limits.TryTake(answer.Taken, answer.NewSamples))
                {
                    return null;
                }

                patience.CancelAfter(Patience);
            }

            return answer;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            return null; // it is left out, as one that cannot be reached
        }
    }

    /// <summary>What one selection may take, of all Dopplers together; the first one that goes over it ends them all. Any thread.</summary>
    private sealed class Limits(ReadCharge charge, int maxSamples, CancellationTokenSource stop)
    {
        private long _samples;

        public bool Passed { get; private set; }

        public bool TryTake(long bytes, int samples)
        {
            if (charge.TryAdd(bytes) && Interlocked.Add(ref _samples, samples) <= maxSamples)
            {
                return true;
            }

            Passed = true;
            stop.Cancel();
            return false;
        }
    }
}
