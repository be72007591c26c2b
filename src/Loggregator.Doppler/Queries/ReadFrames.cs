using Grpc.Core;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Doppler.Queries;

/// <summary>Frames of a Read on their way out, and the account of what was in them.</summary>
internal static class ReadFrames
{
    /// <summary>Writes a frame, which is used up, with so many envelopes that were counted as matched.</summary>
    public static async Task WriteAsync(IServerStreamWriter<MessageBuffer> frames, MessageBuffer message, int envelopes, DopplerCounters counters)
    {
        using (message)
        {
            try
            {
                await frames.WriteAsync(message);
                Interlocked.Add(ref counters.Delivery.Written, envelopes);
                Interlocked.Increment(ref counters.FramesWritten);
                Interlocked.Add(ref counters.BytesWritten, message.Length);
            }
            catch
            {
                Interlocked.Add(ref counters.Delivery.PeerGone, envelopes);
                throw;
            }
        }
    }
}
