using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Loggregator.Doppler.Lifetime;

/// <summary>Reads a snapshot: it is the stream of the section that was entered last. One thread.</summary>
internal sealed class SnapshotReader : Stream
{
    private readonly FileStream _file;
    private readonly byte[] _block = new byte[SnapshotBlock.HeadLength + SnapshotBlock.MaxLength + SnapshotBlock.HashLength];
    private byte _kind;
    private int _length, _taken;
    private long _number;

    /// <summary>Opens a file and looks through all of it, so that nothing is loaded of one that is damaged anywhere.</summary>
    /// <exception cref="SnapshotException">It is no snapshot that can be loaded.</exception>
    public SnapshotReader(string path)
    {
        _file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, BufferSize = 0, Options = FileOptions.SequentialScan });
        try
        {
            ReadHead();
            while (_kind != SnapshotBlock.End)
            {
                ReadBlock();
            }

            if (_file.Position != _file.Length)
            {
                throw new SnapshotException("It goes on behind its end.");
            }

            ReadHead();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Bytes of the file.</summary>
    public long FileLength => _file.Length;

    /// <summary>Enters the next section; null when there is none any more.</summary>
    public string? NextSection()
    {
        while (_kind != SnapshotBlock.End)
        {
            ReadBlock();
            if (_kind == SnapshotBlock.Section)
            {
                _taken = _length;
                return Encoding.ASCII.GetString(_block.AsSpan(SnapshotBlock.HeadLength, _length));
            }
        }

        return null;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_taken == _length && !ReadMore())
        {
            return 0;
        }

        var taken = Math.Min(buffer.Length, _length - _taken);
        _block.AsSpan(SnapshotBlock.HeadLength + _taken, taken).CopyTo(buffer);
        _taken += taken;
        return taken;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }

    private void ReadHead()
    {
        _file.Position = 0;
        (_kind, _length, _taken, _number) = (0, 0, 0, 0);
        Span<byte> head = stackalloc byte[SnapshotBlock.Magic.Length + 1];
        if (_file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !head.StartsWith(SnapshotBlock.Magic))
        {
            throw new SnapshotException("It is no snapshot of a Doppler.");
        }

        if (head[^1] != SnapshotBlock.Version)
        {
            throw new SnapshotException($"It has version {head[^1]}, and this program reads version {SnapshotBlock.Version}.");
        }
    }

    // A section's bytes end where the next section begins, whose block is read again then.
    private bool ReadMore()
    {
        var before = _file.Position;
        if (_kind == SnapshotBlock.End)
        {
            return false;
        }

        ReadBlock();
        if (_kind == SnapshotBlock.Bytes)
        {
            return true;
        }

        _file.Position = before;
        _number--;
        (_kind, _length, _taken) = (SnapshotBlock.Bytes, 0, 0);
        return false;
    }

    private void ReadBlock()
    {
        _taken = 0;
        Fill(0, SnapshotBlock.HeadLength);
        _kind = _block[0];
        _length = BinaryPrimitives.ReadInt32LittleEndian(_block.AsSpan(1));
        if (_kind is < SnapshotBlock.Section or > SnapshotBlock.End || _length is < 0 or > SnapshotBlock.MaxLength)
        {
            throw Damaged();
        }

        var length = SnapshotBlock.HeadLength + _length;
        Fill(SnapshotBlock.HeadLength, _length + SnapshotBlock.HashLength);
        if (BinaryPrimitives.ReadUInt64LittleEndian(_block.AsSpan(length)) != XxHash3.HashToUInt64(_block.AsSpan(0, length), _number++))
        {
            throw Damaged();
        }
    }

    private void Fill(int offset, int count)
    {
        if (_file.ReadAtLeast(_block.AsSpan(offset, count), count, throwOnEndOfStream: false) < count)
        {
            throw new SnapshotException("It is torn: it ends before its end.");
        }
    }

    private SnapshotException Damaged() => new($"It is damaged at or before byte {_file.Position}.");
}
