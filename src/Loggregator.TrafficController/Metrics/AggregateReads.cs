using Google.Protobuf;
using Grpc.Core;
using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Metrics;

/// <summary>
/// Lets the Dopplers carry out aggregations, all at once. A series that several of them hold has to be put together before it is aggregated: so each names
/// the producers that it accounted for, and those who hold one that is not theirs alone are asked anew without it. Any thread.
/// </summary>
internal sealed class AggregateReads(DopplerSet dopplers, TimeProvider time)
{
    private const int MaxRounds = 4; // usually one, or two
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5); // without a frame

    /// <summary>What they came to, and the producers that none of them accounts for; null if that is not to be had this way.</summary>
    /// <param name="request">What to aggregate.</param>
    /// <param name="selection">The series that it is of.</param>
    /// <param name="sources">Of these sources alone; none: of all.</param>
    /// <param name="charge">Takes what is kept.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<(IReadOnlyCollection<AggregateAnswer> Answers, HashSet<ulong> Apart, IReadOnlyList<string> Warnings)?> AskAsync(
        AggregateRequest request, SeriesSelection selection, IEnumerable<string> sources, ReadCharge charge, CancellationToken cancel)
    {
        var nodes = dopplers.Nodes;
        var (asked, answers, apart) = (nodes, new Dictionary<DopplerNode, AggregateAnswer>(), new HashSet<ulong>());
        var message = Of(request, sources);
        for (var round = 0; round < MaxRounds; round++)
        {
            var parts = await Task.WhenAll(asked.Select(node => AskAsync(node, message, charge, cancel)));
            cancel.ThrowIfCancellationRequested();
            if (parts.Any(part => part.Refused))
            {
                return null;
            }

            foreach (var (node, (answer, _)) in asked.Zip(parts))
            {
                answers.Remove(node);
                if (answer is not null)
                {
                    answers.Add(node, answer);
                }
            }

            if (answers.Count == 0 && nodes.Length > 0)
            {
                throw new MetricsUnavailableException($"none of {nodes.Length} Dopplers answered");
            }

            apart.UnionWith(NotOfOne(answers.Values));
            asked = [.. answers.Where(pair => pair.Value.Producers.Exists(apart.Contains)).Select(pair => pair.Key)];
            if (asked.Length == 0)
            {
                return (answers.Values, apart, [.. MetricReads.Completeness(nodes, answers.Count, selection.MinTime).Warnings()]);
            }

            message.WithoutProducers.Clear();
            message.WithoutProducers.AddRange(apart);
        }

        return null;
    }

    private static IEnumerable<ulong> NotOfOne(IEnumerable<AggregateAnswer> answers)
    {
        var seen = new HashSet<ulong>();
        foreach (var answer in answers)
        {
            foreach (var producer in answer.LeftOut)
            {
                yield return producer;
            }

            foreach (var producer in answer.Producers)
            {
                if (!seen.Add(producer))
                {
                    yield return producer;
                }
            }
        }
    }

    private static AggregateSeriesRequest Of(AggregateRequest request, IEnumerable<string> sources) => new()
    {
        Query = request.Query,
        PlaceStart = (uint)request.Place.Start,
        PlaceEnd = (uint)request.Place.End,
        Start = request.Start,
        Interval = request.Interval,
        Steps = (uint)request.Steps,
        Lookback = (long)request.Options.Lookback.TotalMilliseconds,
        DelayedNameRemoval = request.Options.DelayedNameRemoval,
        ExperimentalFunctions = request.Options.Parser.ExperimentalFunctions,
        MaxSamples = (uint)request.Options.MaxSamples,
        SourceIds = { sources },
    };

    // No answer of one that cannot be reached; refused by one that cannot do it, or not within its bounds.
    private async Task<(AggregateAnswer? Answer, bool Refused)> AskAsync(DopplerNode node, AggregateSeriesRequest request, ReadCharge charge, CancellationToken cancel)
    {
        if (node.Attachment.Identity is null)
        {
            return (null, false);
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            using var message = MessageBuffer.Rent(request.CalculateSize());
            request.WriteTo(message);
            using var call = node.Attachment.AggregateSeries(message, either.Token);
            var answer = new AggregateAnswer();
            while (await call.ResponseStream.MoveNext(either.Token))
            {
                using var frame = call.ResponseStream.Current;
                if (!answer.TryAdd(frame))
                {
                    return (null, false);
                }

                if (!charge.TryAdd(2 * frame.Length))
                {
                    throw new PromQlException(PromQlFault.Execution, "query processing would load too many samples into memory in query execution");
                }

                patience.CancelAfter(Patience);
            }

            return (answer.Complete ? answer : null, false);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unimplemented or StatusCode.InvalidArgument or StatusCode.ResourceExhausted)
        {
            return (null, true);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            return (null, false);
        }
    }
}
