using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Gives rows of the log their v1 form: the kept bytes of what came as v1, the conversion of all else. What has no v1 form is counted by
/// reason. Any thread, under the gate of the consumer that reads.
/// </summary>
public sealed class DropsondeRows(DeliveryCounters counters)
{
    // What the frame holds already fits into a message beside it.
    private const int MaxBytes = RawMethods.MaxMessageBytes - (512 * 1024);

    /// <summary>Writes the records of one row; returns how many.</summary>
    internal int Write(Segment segment, int row, int receivers, MessageBuffer target)
    {
        var original = segment.Original(row);
        if (!original.IsEmpty)
        {
            Records.Append(target, original);
            return 1;
        }

        var envelope = segment.Envelope(row);
        RawEnvelope.TryReadHeader(envelope, out var header);
        var written = V2ToV1.Write(target, envelope, header, MaxBytes, out var fault);
        if (written == 0)
        {
            DeliveryCounters.Add(ref counters.Unconverted[(int)fault], receivers);
        }

        return written;
    }
}
