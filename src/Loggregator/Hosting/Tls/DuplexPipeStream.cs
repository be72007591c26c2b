using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Loggregator.Hosting.Tls;

/// <summary>A connection's pipes as the stream that <see cref="System.Net.Security.SslStream"/> wants. One reader and one writer at a time.</summary>
internal sealed class DuplexPipeStream(IDuplexPipe pipe) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var read = await pipe.Input.ReadAsync(cancellationToken);
            var bytes = read.Buffer;
            if (!bytes.IsEmpty)
            {
                var count = (int)Math.Min(bytes.Length, buffer.Length);
                var taken = bytes.Slice(0, count);
                System.Buffers.BuffersExtensions.CopyTo(taken, buffer.Span);
                pipe.Input.AdvanceTo(taken.End);
                return count;
            }

            pipe.Input.AdvanceTo(bytes.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return 0;
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var write = pipe.Output.WriteAsync(buffer, cancellationToken);
        return write.IsCompletedSuccessfully ? Done(write.Result) : Awaited(write);

        static ValueTask Done(FlushResult _) => ValueTask.CompletedTask;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        static async ValueTask Awaited(ValueTask<FlushResult> pending) => await pending;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask; // every write flushes

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous writes.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
