namespace Loggregator.Client.Consume;

/// <summary>A response's body that breaks off when one event of it grows too long, as the parser holds each event whole. One reader.</summary>
internal sealed class BoundedEvents(Stream body) : Stream
{
    /// <summary>A batch event of ours is 256 KiB, unless one envelope, of at most 10 MiB and a third more in base64, is larger.</summary>
    public const long MaxEventBytes = 32 * 1024 * 1024;

    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The parser has handed an event out; what was read ahead counts for the next no more.</summary>
    public void EventEnded() => _read = 0;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(body.Read(buffer, offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Count(int read)
    {
        _read += read;
        return _read <= MaxEventBytes ? read : throw new IOException($"the server sent an event of more than {MaxEventBytes >> 20} MiB");
    }
}
