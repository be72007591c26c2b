using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Benchmarks;

/// <summary>The records that one frame of a Doppler brings: up to 64 KiB of envelopes of about 300 bytes.</summary>
internal sealed class SpoolBlock : IDisposable
{
    private const int FrameBytes = 64 * 1024;

    public SpoolBlock()
    {
        Buffer = MessageBuffer.Rent(FrameBytes);
        for (var source = 0; ; source++)
        {
            var envelope = Workload.Envelope(source % Workload.Sources);
            if (Buffer.Length + envelope.Length + Records.MaxHeaderLength > FrameBytes)
            {
                break;
            }

            Records.Append(Buffer, envelope);
            Count++;
        }
    }

    public MessageBuffer Buffer { get; }

    public int Count { get; }

    /// <summary>Looks at the header of each envelope, as a sink would.</summary>
    public static long CountRecords(ReadOnlySpan<byte> records)
    {
        long count = 0;
        var reader = new RecordReader(records);
        while (reader.MoveNext())
        {
            count++;
        }

        return count;
    }

    public void Dispose() => Buffer.Dispose();
}
