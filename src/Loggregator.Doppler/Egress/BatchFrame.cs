using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Doppler.Egress;

/// <summary>
/// An EnvelopeBatch for a reader of the original protocol. Losses are told in band, as gap records, where the reader's selectors admit them.
/// </summary>
internal sealed class BatchFrame(int maxBytes, IReadOnlyList<EnvelopeSelector> selectors) : LogFrame(maxBytes, repeats: true)
{
    private static readonly byte[][] Reasons =
        [.. Enumerable.Range(0, LossReasonText.Count).Select(reason => Encoding.UTF8.GetBytes(((LossReason)reason).Text()))];

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
        using (_gap = MessageBuffer.Rent(256))
        {
            GapRecord.Write(
                _gap, loss.SourceId.Span, loss.InstanceId.Span, (ulong)loss.Count, "doppler"u8, Reasons[(int)loss.Reason], loss.LastTimestamp,
                loss.UpperBound);
            if (Admits(_gap.Span))
            {
                var message = Open();
                Records.Append(message, _gap.Span);
                GapBytes += _gap.Length;
                Gaps++;
            }
        }
    }

    protected override void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition)
    {
        // Only one subscription reads this message, and positions mean nothing to the original protocol.
    }

    private bool Admits(ReadOnlySpan<byte> envelope)
    {
        RawEnvelope.TryReadHeader(envelope, out var header);
        foreach (var selector in selectors)
        {
            if (selector.Matches(header, envelope))
            {
                return true;
            }
        }

        return false;
    }
}
