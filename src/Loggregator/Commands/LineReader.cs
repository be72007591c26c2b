using System.Buffers;
using System.IO.Pipelines;

namespace Loggregator.Commands;

/// <summary>Cuts a stream into lines, without their ends; the last one need not have any, and one without end is cut at a limit.</summary>
internal static class LineReader
{
    private const int MaxHeld = 1024 * 1024;

    /// <summary>Hands every line to <paramref name="onLine"/>; the bytes are good until it returns. <paramref name="onBytes"/> sees the bytes as they come.</summary>
    public static async Task ReadAsync(Stream stream, Func<ReadOnlySequence<byte>, ValueTask>? onBytes, Func<ReadOnlyMemory<byte>, ValueTask> onLine, CancellationToken cancel)
    {
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        long seen = 0;
        while (true)
        {
            var read = await pipe.ReadAsync(cancel);
            var buffer = read.Buffer;
            if (onBytes is not null && buffer.Length > seen)
            {
                await onBytes(buffer.Slice(seen));
            }

            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                await onLine(Whole(buffer.Slice(0, end)));
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (buffer.Length >= MaxHeld || (read.IsCompleted && !buffer.IsEmpty))
            {
                await onLine(Whole(buffer));
                buffer = buffer.Slice(buffer.End);
            }

            seen = buffer.Length;
            pipe.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                await pipe.CompleteAsync();
                return;
            }
        }
    }

    private static ReadOnlyMemory<byte> Whole(ReadOnlySequence<byte> line)
    {
        var bytes = line.IsSingleSegment ? line.First : line.ToArray();
        return bytes.Span is [.., (byte)'\r'] ? bytes[..^1] : bytes;
    }
}
