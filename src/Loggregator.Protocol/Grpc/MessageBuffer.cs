using System.Buffers;

namespace Loggregator.Protocol.Grpc;

/// <summary>
/// The bytes of one gRPC message in a pooled array. One owner: whoever holds it disposes it, once; a second owner needs <see cref="Retain"/>.
/// It is an <see cref="IBufferWriter{T}"/>, so that codecs write straight into it.
/// </summary>
public sealed class MessageBuffer : IBufferWriter<byte>, IDisposable
{
    private const int PoolSize = 256; // shells, not arrays: about 16 KiB in all
    private static readonly MessageBuffer?[] Pool = new MessageBuffer?[PoolSize];
    private static int _pooled;

    private byte[] _array = [];
    private int _owners;

    private MessageBuffer()
    {
    }

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes written so far.</summary>
    public ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    /// <summary>The bytes written so far.</summary>
    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Length);

    /// <summary>The bytes written so far, to patch in place.</summary>
    public Span<byte> Writable => _array.AsSpan(0, Length);

    /// <summary>An empty buffer with room for at least <paramref name="capacity"/> bytes and one owner.</summary>
    public static MessageBuffer Rent(int capacity)
    {
        MessageBuffer? buffer = null;
        lock (Pool)
        {
            if (_pooled > 0)
            {
                buffer = Pool[--_pooled];
                Pool[_pooled] = null;
            }
        }

        buffer ??= new MessageBuffer();
        buffer._owners = 1;
        buffer.Length = 0;
        buffer._array = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 256));
        return buffer;
    }

    /// <summary>A copy of <paramref name="bytes"/>.</summary>
    public static MessageBuffer Copy(in ReadOnlySequence<byte> bytes)
    {
        var length = checked((int)bytes.Length);
        var buffer = Rent(length);
        bytes.CopyTo(buffer._array);
        buffer.Length = length;
        return buffer;
    }

    /// <summary>Adds an owner.</summary>
    public MessageBuffer Retain()
    {
        Interlocked.Increment(ref _owners);
        return this;
    }

    /// <summary>Gives the array back to the pool when the last owner is gone.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _owners) != 0)
        {
            return;
        }

        var array = _array;
        _array = [];
        Length = 0;
        ArrayPool<byte>.Shared.Return(array);
        lock (Pool)
        {
            if (_pooled < PoolSize)
            {
                Pool[_pooled++] = this;
            }
        }
    }

    /// <summary>Forgets what was written, keeps the room.</summary>
    public void Clear() => Length = 0;

    /// <summary>Cuts the buffer back to its first <paramref name="length"/> bytes.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Appends <paramref name="bytes"/>.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Length += bytes.Length;
    }

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _array.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _array.AsSpan(Length);
    }

    private void Ensure(int sizeHint)
    {
        var room = Math.Max(sizeHint, 1);
        if (_array.Length - Length >= room)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + room), _array.Length * 2));
        _array.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
