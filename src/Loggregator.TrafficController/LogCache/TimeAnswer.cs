using Loggregator.Protocol.Grpc;

namespace Loggregator.TrafficController.LogCache;

/// <summary>What the Dopplers that answered in time hold. Its bytes are charged to all reads together until it is disposed.</summary>
/// <param name="Records">In the order asked for.</param>
/// <param name="Answered">Dopplers that answered.</param>
/// <param name="Known">Dopplers there are.</param>
/// <param name="Frames">What the records are in.</param>
/// <param name="Charge">The bytes that it is charged with.</param>
internal sealed record TimeAnswer(IReadOnlyList<TimedRecord> Records, int Answered, int Known, IReadOnlyList<MessageBuffer> Frames, ReadCharge Charge)
    : IDisposable
{
    public void Dispose()
    {
        foreach (var frame in Frames)
        {
            frame.Dispose();
        }

        Charge.Dispose();
    }
}
