using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Query;

/// <summary>Asks every Doppler for the newest envelopes that it holds of a source, all at a time; who does not answer in time is left out.</summary>
internal sealed class RecentQuery(DopplerSet dopplers, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Whether there is a Doppler that could be asked: the original's keep nothing.</summary>
    public bool Possible => dopplers.Nodes.Length > 0;

    /// <summary>The newest envelopes first, copies that two Dopplers hold once; null when no Doppler has answered.</summary>
    public async Task<List<Envelope>?> AskAsync(Selector selector, int limit, CancellationToken cancel)
    {
        var request = new ReadRequest { Limit = (uint)limit, Selectors = { selector } };
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        var answers = await Task.WhenAll(dopplers.Nodes.Select(node => AskAsync(node, request, either.Token)));
        cancel.ThrowIfCancellationRequested();
        return Array.TrueForAll(answers, answer => answer is null)
            ? null
            : [.. answers.SelectMany(answer => answer ?? []).Distinct().OrderByDescending(envelope => envelope.Timestamp).Take(limit)];
    }

    // In the order of the log; reversed, so that of two of the same time the later one comes first.
    private static async Task<List<Envelope>?> AskAsync(DopplerNode node, ReadRequest request, CancellationToken cancel)
    {
        if (node.Attachment.Identity is null)
        {
            return null;
        }

        try
        {
            List<Envelope> envelopes = [];
            using var call = node.Attachment.Calls.Read(request, cancellationToken: cancel);
            await foreach (var frame in call.ResponseStream.ReadAllAsync(cancel))
            {
                envelopes.AddRange(frame.Batch);
            }

            envelopes.Reverse();
            return envelopes;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }
}
