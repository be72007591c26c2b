using Loggregator.Protocol.Envelopes;

namespace Loggregator.TrafficController.LogCache;

/// <summary>A record of an answer, and what it is ordered by.</summary>
/// <param name="Frame">The bytes of the frame that holds it.</param>
/// <param name="Offset">Of the envelope in it.</param>
/// <param name="Header">Of the envelope; ranges are into the envelope.</param>
/// <param name="Length">Of the envelope.</param>
internal readonly record struct TimedRecord(ReadOnlyMemory<byte> Frame, int Offset, int Length, EnvelopeHeader Header)
{
    public ReadOnlySpan<byte> Envelope => Frame.Span.Slice(Offset, Length);

    public long Timestamp => Header.Timestamp;

    public ReadOnlySpan<byte> InstanceId => Header.InstanceId.Of(Envelope);
}
