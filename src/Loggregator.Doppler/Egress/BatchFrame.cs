using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V1;

namespace Loggregator.Doppler.Egress;

/// <summary>
/// An EnvelopeBatch, or of v1 a BatchResponse, for a reader of the original protocol. Losses are told in band: as gap records where the
/// reader's filters admit them, as log lines to a v1 reader that takes logs but no such counter.
/// </summary>
internal sealed class BatchFrame(int maxBytes, IReadOnlyList<IEnvelopeFilter> filters, DropsondeRows? conversion) : LogFrame(maxBytes, repeats: true, conversion)
{
    private MessageBuffer? _gap;

    /// <summary>Gap records in the message.</summary>
    public int Gaps { get; private set; }

    public override MessageBuffer Take()
    {
        Gaps = 0;
        return base.Take();
    }

    protected override void Gap(uint subscription, in Loss loss)
    {
        var takesCounter = TakesCounter(loss.SourceId.Span);
        if (!takesCounter && !TakesLines)
        {
            return;
        }

        using (_gap = MessageBuffer.Rent(256))
        {
            var gap = new GapFields
            {
                SourceId = loss.SourceId.Span,
                InstanceId = loss.InstanceId.Span,
                Count = (ulong)loss.Count,
                Hop = "doppler"u8,
                Reason = loss.Reason.Utf8(),
                Timestamp = loss.LastTimestamp,
                UpperBound = loss.UpperBound,
            };
            if (takesCounter)
            {
                GapRecord.Write(_gap, gap.SourceId, gap.InstanceId, gap.Count, gap.Hop, gap.Reason, gap.Timestamp, gap.UpperBound);
            }
            else
            {
                GapRecord.WriteLogLine(_gap, gap, loss.FirstTimestamp);
            }

            Append(_gap.Span);
            GapBytes += _gap.Length;
            Gaps++;
        }
    }

    protected override void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition, ReadOnlySpan<long> positions)
    {
        // Only one subscription reads this message, and positions mean nothing to the original protocol.
    }

    private bool TakesLines => IsConverted && filters is [DropsondeFilter { Kind: not DropsondeKind.Metrics }];

    private bool TakesCounter(ReadOnlySpan<byte> sourceId)
    {
        foreach (var filter in filters)
        {
            if (filter.TakesCounter("dropped"u8) && (filter.SourceId.IsEmpty || filter.SourceId.SequenceEqual(sourceId)))
            {
                return true;
            }
        }

        return false;
    }

    private void Append(ReadOnlySpan<byte> envelope)
    {
        if (!IsConverted)
        {
            Records.Append(Open(), envelope);
            return;
        }

        RawEnvelope.TryReadHeader(envelope, out var header);
        V2ToV1.Write(Open(), envelope, header, int.MaxValue, out _);
    }
}
