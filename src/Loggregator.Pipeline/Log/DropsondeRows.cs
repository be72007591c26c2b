using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Gives rows of one log their v1 form: the kept bytes of what came as v1, the conversion of all else, which is made once however many read
/// it at about the same time. What has no v1 form is counted by reason. Any thread, under the gate of the consumer that reads; its lock is
/// the innermost. While fewer than two read it keeps nothing.
/// </summary>
public sealed class DropsondeRows(DeliveryCounters counters)
{
    // What the frame holds already fits into a message beside it.
    private const int MaxBytes = RawMethods.MaxMessageBytes - (512 * 1024);
    private readonly Lock _gate = new();
    private volatile ConvertedRows? _shared;
    private int _readers;

    /// <summary>Another consumer reads from now on.</summary>
    public void Enter() => Change(1);

    /// <summary>One reads no more.</summary>
    public void Leave() => Change(-1);

    /// <summary>Writes the records of one row; returns how many.</summary>
    internal int Write(Segment segment, int row, int receivers, MessageBuffer target)
    {
        var original = segment.Original(row);
        if (!original.IsEmpty)
        {
            Records.Append(target, original);
            return 1;
        }

        var fault = ConversionFault.None;
        var written = _shared is null ? Convert(segment, row, target, out fault) : WriteShared(segment, row, target, ref fault);
        if (written == 0)
        {
            DeliveryCounters.Add(ref counters.Unconverted[(int)fault], receivers);
        }

        return written;
    }

    private int WriteShared(Segment segment, int row, MessageBuffer target, ref ConversionFault fault)
    {
        lock (_gate)
        {
            var position = segment.PositionOf(row);
            if (_shared?.TryCopy(position, target) is { } copied and > 0)
            {
                return copied;
            }

            var before = target.Length;
            var written = Convert(segment, row, target, out fault);
            if (written > 0)
            {
                _shared?.Keep(position, target.Span[before..], written);
            }

            return written;
        }
    }

    private int Convert(Segment segment, int row, MessageBuffer target, out ConversionFault fault)
    {
        var envelope = segment.Envelope(row);
        RawEnvelope.TryReadHeader(envelope, out var header);
        DeliveryCounters.Add(ref counters.Converted, 1);
        return V2ToV1.Write(target, envelope, header, MaxBytes, out fault);
    }

    private void Change(int by)
    {
        lock (_gate)
        {
            _readers += by;
            _shared = _readers > 1 ? _shared ?? new ConvertedRows() : null;
        }
    }
}
