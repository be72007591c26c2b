using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Query;

/// <summary>
/// Asks the Dopplers for their sources, all at a time; who does not answer in time is left out. For sources by name only those are asked
/// whose filter says that they may hold them, and the others where nobody knew a source: it may be newer than their filter.
/// </summary>
internal sealed class SourceQuery(DopplerSet dopplers, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What is known of these sources; of all if none is named.</summary>
    public async Task<SourceReport> AskAsync(IReadOnlyCollection<string> sourceIds, CancellationToken cancel)
    {
        var nodes = dopplers.Nodes;
        var likely = nodes.Where(node => MayHold(node, sourceIds)).ToList();
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        var sources = new Dictionary<string, Source>(StringComparer.Ordinal);
        var answered = await AskAsync(likely, sourceIds, sources, either.Token);
        if (likely.Count < nodes.Length)
        {
            var unknown = sourceIds.Where(source => !sources.ContainsKey(source)).ToList();
            var others = nodes.Except(likely).ToList();
            answered.AddRange(unknown.Count == 0 ? others : await AskAsync(others, unknown, sources, either.Token));
        }

        cancel.ThrowIfCancellationRequested();
        return new SourceReport(sources, answered.Count, answered.Count(node => node.LostBefore > 0), nodes.Length);
    }

    private static bool MayHold(DopplerNode node, IReadOnlyCollection<string> sourceIds) =>
        sourceIds.Count == 0 || node.Attachment is not { Identity: not null, Held: { } held } || sourceIds.Any(held.MayHold);

    // Adds what they know; returns who answered.
    private static async Task<List<DopplerNode>> AskAsync(
        IReadOnlyList<DopplerNode> nodes, IEnumerable<string> sourceIds, Dictionary<string, Source> sources, CancellationToken cancel)
    {
        var request = new SourcesRequest();
        request.SourceIds.AddRange(sourceIds);
        var answers = await Task.WhenAll(nodes.Select(node => AskAsync(node, request, cancel)));
        foreach (var source in answers.SelectMany(answer => answer ?? []))
        {
            var key = source.IsOther ? SourceReport.Other : source.SourceId;
            if (sources.TryGetValue(key, out var sum))
            {
                SourceReport.Add(sum, source);
            }
            else
            {
                sources.Add(key, source);
            }
        }

        return [.. nodes.Where((_, i) => answers[i] is not null)];
    }

    private static async Task<List<Source>?> AskAsync(DopplerNode node, SourcesRequest request, CancellationToken cancel)
    {
        if (node.Attachment.Identity is null)
        {
            return null;
        }

        try
        {
            List<Source> sources = [];
            using var call = node.Attachment.Calls.Sources(request, cancellationToken: cancel);
            await foreach (var frame in call.ResponseStream.ReadAllAsync(cancel))
            {
                sources.AddRange(frame.Sources);
            }

            return sources;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }
}
