using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Query;

/// <summary>Asks every Doppler for its sources, all at a time; who does not answer in time is left out.</summary>
internal sealed class SourceQuery(DopplerSet dopplers, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What is known of these sources; of all if none is named.</summary>
    public async Task<SourceReport> AskAsync(IReadOnlyCollection<string> sourceIds, CancellationToken cancel)
    {
        var request = new SourcesRequest();
        request.SourceIds.AddRange(sourceIds);
        var nodes = dopplers.Nodes;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        var answers = await Task.WhenAll(nodes.Select(node => AskAsync(node, request, either.Token)));
        cancel.ThrowIfCancellationRequested();

        var sources = new Dictionary<string, Source>(StringComparer.Ordinal);
        foreach (var source in answers.SelectMany(answer => answer ?? []))
        {
            if (sources.TryGetValue(source.SourceId, out var sum))
            {
                SourceReport.Add(sum, source);
            }
            else
            {
                sources.Add(source.SourceId, source);
            }
        }

        return new SourceReport(sources, answers.Count(answer => answer is not null), nodes.Length);
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
