using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Loggregator.Doppler.Lifetime;

/// <summary>
/// Writes a snapshot: it is the stream of the section that was begun last. The file has its name only when it is complete and synced. One thread.
/// </summary>
internal sealed class SnapshotWriter : Stream
{
    private readonly string _path;
    private readonly long _maxBytes;
    private readonly FileStream _file;
    private readonly byte[] _block = new byte[SnapshotBlock.HeadLength + SnapshotBlock.MaxLength + SnapshotBlock.HashLength];
    private int _length;
    private long _number;

    /// <summary>Begins a file of at most so many bytes beside <paramref name="path"/>.</summary>
    public SnapshotWriter(string path, long maxBytes)
    {
        (_path, _maxBytes) = (path, maxBytes);
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; // it is what applications logged
        }

        _file = new FileStream(TemporaryPath(path), options);
        _file.Write([.. SnapshotBlock.Magic, SnapshotBlock.Version]);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The name while it is incomplete.</summary>
    public static string TemporaryPath(string path) => path + ".new";

    /// <summary>What is written from now on belongs to this section.</summary>
    public void BeginSection(string name)
    {
        WriteBlock(SnapshotBlock.Bytes);
        Write(Encoding.ASCII.GetBytes(name));
        WriteBlock(SnapshotBlock.Section);
    }

    /// <summary>Ends the file, syncs it and gives it its name.</summary>
    /// <returns>Its bytes.</returns>
    public long Complete()
    {
        WriteBlock(SnapshotBlock.Bytes);
        WriteBlock(SnapshotBlock.End);
        _file.Flush(flushToDisk: true);
        var bytes = _file.Length;
        _file.Dispose();
        File.Move(TemporaryPath(_path), _path, overwrite: true);
        return bytes;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var taken = Math.Min(buffer.Length, SnapshotBlock.MaxLength - _length);
            buffer[..taken].CopyTo(_block.AsSpan(SnapshotBlock.HeadLength + _length));
            buffer = buffer[taken..];
            _length += taken;
            if (_length == SnapshotBlock.MaxLength)
            {
                WriteBlock(SnapshotBlock.Bytes);
            }
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Without <see cref="Complete"/> nothing is left.</summary>
    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        File.Delete(TemporaryPath(_path));
        base.Dispose(disposing);
    }

    private void WriteBlock(byte kind)
    {
        if (_length == 0 && kind == SnapshotBlock.Bytes)
        {
            return;
        }

        _block[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(_block.AsSpan(1), _length);
        var length = SnapshotBlock.HeadLength + _length;
        BinaryPrimitives.WriteUInt64LittleEndian(_block.AsSpan(length), XxHash3.HashToUInt64(_block.AsSpan(0, length), _number++));
        length += SnapshotBlock.HashLength;
        if (_file.Position + length > _maxBytes)
        {
            throw new IOException($"The snapshot would have more than {_maxBytes} bytes.");
        }

        _file.Write(_block.AsSpan(0, length));
        _length = 0;
    }
}
