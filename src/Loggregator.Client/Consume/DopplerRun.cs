using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Consume;

/// <summary>
/// Consecutive envelope records of one frame that go to one subscription. The frame is lent for the call: who keeps it retains it.
/// </summary>
/// <param name="Frame">Whose bytes these are.</param>
/// <param name="Offset">Of the first record, tag and length included.</param>
/// <param name="Length">Of all records.</param>
/// <param name="Count">Number of records.</param>
/// <param name="Copies">How often each of them is to be delivered.</param>
/// <param name="Positions">
/// Where the positions of the records are in the frame, if they are to be acknowledged: packed varints, of each its distance to the one before.
/// </param>
/// <param name="PositionBefore">What the first distance is counted from.</param>
internal readonly record struct DopplerRun(
    MessageBuffer Frame, int Offset, int Length, int Count, int Copies, ByteRange Positions = default, ulong PositionBefore = 0)
{
    /// <summary>What it takes of the subscription's credit.</summary>
    public long Charge => (long)Length * Copies;

    /// <summary>Envelopes to deliver.</summary>
    public long Deliveries => (long)Count * Copies;
}
