using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.LogCache;

/// <summary>
/// Asks the Dopplers for one source in the order of time, all at once, and merges what they answer; who does not answer in time, or breaks off,
/// is left out. One whose filter says that it held nothing is asked only for what came since.
/// </summary>
internal sealed class TimeReads(
    DopplerSet dopplers, ReadBudget budget, TrafficControllerCounters counters, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3); // clients give up after 5

    /// <summary>What is held; or why there is no answer.</summary>
    public async Task<(TimeAnswer? Answer, ReadFault? Fault)> AskAsync(TimeOrder order, CancellationToken cancel)
    {
        Interlocked.Increment(ref counters.Reads);
        order.MaxBytes = (ulong)options.Value.HistoryBytes;
        var nodes = dopplers.Nodes;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        var charge = new ReadCharge(budget);
        var parts = await Task.WhenAll(nodes.Select(node => AskAsync(node, order, charge, either.Token)));
        List<Part> answered = [.. parts.Where(part => part.Fault is null)];
        var fault = Array.Exists(parts, part => part.Fault == ReadFault.TooMuch) ? ReadFault.TooMuch
            : answered.Count == 0 && nodes.Length > 0 ? ReadFault.NoDoppler
            : null;
        if (fault is not null || cancel.IsCancellationRequested)
        {
            answered.ForEach(part => part.Release());
            charge.Dispose();
            cancel.ThrowIfCancellationRequested();
            return (null, fault);
        }

        var merged = TimeMerge.Merge([.. answered.Select(part => part.Records)], (int)order.Limit, order.Descending);
        var whole = answered.Count - answered.Count(part => Lacks(part.Node, order, merged));
        if (whole < nodes.Length)
        {
            Interlocked.Increment(ref counters.PartialReads);
        }

        return (new TimeAnswer(merged, whole, nodes.Length, [.. answered.SelectMany(part => part.Frames)], charge), null);
    }

    // Whether what the Doppler's former run held may belong into the answer: not when enough of what came since was asked for.
    private static bool Lacks(DopplerNode node, TimeOrder order, IReadOnlyList<TimedRecord> merged) =>
        node.LostBefore is > 0 and var since && order.StartTime < since && !(order.Descending && merged.Count >= order.Limit && merged[^1].Timestamp >= since);

    private static async Task<Part> AskAsync(DopplerNode node, TimeOrder order, ReadCharge charge, CancellationToken cancel)
    {
        var part = new Part(node);
        if (node.Attachment.Identity is null)
        {
            return part with { Fault = ReadFault.NoDoppler };
        }

        var since = node.Attachment.Held is { } held && !held.MayHold(order.SourceId) ? held.Position : 0;
        var request = new ReadRequest { ByTime = since == 0 ? order : new TimeOrder(order) { FromPosition = since } };
        try
        {
            using var message = MessageBuffer.Rent(request.CalculateSize());
            request.WriteTo(message);
            using var call = node.Attachment.Read(message, cancel);
            var understood = false;
            while (await call.ResponseStream.MoveNext(cancel))
            {
                var frame = call.ResponseStream.Current;
                part.Frames.Add(frame);
                if (!charge.TryAdd(frame.Length))
                {
                    part.Release();
                    return part with { Fault = ReadFault.TooMuch };
                }

                understood |= part.Add(frame);
            }

            if (understood)
            {
                return part;
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
        {
            part.Release();
            return part with { Fault = ReadFault.TooMuch };
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException or InvalidProtocolBufferException)
        {
            // It is left out, as one that cannot be reached.
        }

        part.Release();
        return part with { Fault = ReadFault.NoDoppler };
    }

    private sealed record Part(DopplerNode Node)
    {
        public List<MessageBuffer> Frames { get; } = [];

        public List<TimedRecord> Records { get; } = [];

        /// <summary>Why it is not to be used; null when it is complete.</summary>
        public ReadFault? Fault { get; init; }

        /// <summary>Takes a frame's records; whether it says that it is in the order of time.</summary>
        public bool Add(MessageBuffer frame)
        {
            var records = new RecordReader(frame.Span);
            var end = 0;
            while (records.MoveNext())
            {
                RawEnvelope.TryReadHeader(records.Current, out var header);
                end = records.RecordOffset + records.RecordLength;
                Records.Add(new TimedRecord(frame.Memory, end - records.Current.Length, records.Current.Length, header));
            }

            return ReadFrame.Parser.ParseFrom(frame.Span[end..]).ByTime;
        }

        public void Release()
        {
            Frames.ForEach(frame => frame.Dispose());
            Frames.Clear();
            Records.Clear();
        }
    }
}
