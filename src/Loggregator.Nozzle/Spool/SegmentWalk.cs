using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Goes through the blocks of one segment's file, past what is damaged, over a window of its bytes. One thread; the file stays its
/// opener's. Whoever wants to keep blocks without copying them takes the window itself (<see cref="Detach"/>).
/// </summary>
internal sealed class SegmentWalk(ISpoolFile file, ulong salt, long start, int windowBytes) : IDisposable
{
    /// <summary>A window that costs little per byte read and holds many usual blocks.</summary>
    public const int UsualWindow = 1024 * 1024;

    private const int Page = 4096;

    private MessageBuffer? _window;
    private long _windowStart = start;
    private int _next;
    private bool _inGarbage;

    /// <summary>Offset in the file of what comes next.</summary>
    public long Position => _windowStart + _next;

    /// <summary>The current block.</summary>
    public BlockHeader Block { get; private set; }

    /// <summary>Where it begins in the window.</summary>
    public int BlockAt { get; private set; }

    /// <summary>Damaged places passed so far: blocks whose header holds, and stretches without any.</summary>
    public int Damaged { get; private set; }

    /// <summary>The current block's bytes, header included.</summary>
    public ReadOnlySpan<byte> Bytes => _window!.Span.Slice(BlockAt, Block.BlockLength);

    /// <summary>The current block's origin.</summary>
    public ReadOnlySpan<byte> Origin => Bytes.Slice(BlockHeader.Length, Block.OriginLength);

    /// <summary>The current block's records.</summary>
    public ReadOnlySpan<byte> Records => Bytes[(BlockHeader.Length + Block.OriginLength)..];

    /// <summary>
    /// Steps to the next whole block that ends at or before <paramref name="end"/>. With <paramref name="refill"/> off it stays within the window,
    /// so that the blocks before stay there.
    /// </summary>
    public bool MoveNext(long end, bool refill = true)
    {
        while (true)
        {
            var found = BlockScan.At(_window is null ? default : _window.Span[_next..], salt, out var header, out var length);
            switch (found)
            {
                case BlockFound.Block:
                    (Block, BlockAt) = (header, _next);
                    _next += length;
                    _inGarbage = false;
                    return true;
                case BlockFound.NeedsMore when !refill || Position + length > end || !Fill(length, end):
                    return false;
                case BlockFound.NeedsMore:
                    break;
                default:
                    Damaged += found == BlockFound.Garbage && _inGarbage ? 0 : 1;
                    _inGarbage = true;
                    _next += length;
                    break;
            }
        }
    }

    /// <summary>Steps back in front of the current block.</summary>
    public void Unread() => _next = BlockAt;

    /// <summary>Hands the window over; the walk goes on with another.</summary>
    public MessageBuffer Detach()
    {
        var window = _window!;
        (_window, _windowStart, _next) = (null, Position, 0);
        return window;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _window?.Dispose();
        _window = null;
    }

    private bool Fill(int least, long end)
    {
        var from = Position;
        var length = (int)Math.Min(Math.Max(windowBytes, least), end - from);
        _window?.Dispose();
        _window = MessageBuffer.Rent(length);
        (_windowStart, _next) = (from, 0);
        _window.Advance(Read(_window.GetSpan(length)[..length], from));
        return _window.Length >= least;
    }

    // A sector that cannot be read costs the blocks that it is part of.
    private int Read(Span<byte> target, long from)
    {
        try
        {
            return file.Read(target, from);
        }
        catch (IOException)
        {
            target.Clear();
        }

        for (var at = 0; at < target.Length; at += Page)
        {
            try
            {
                file.Read(target[at..Math.Min(at + Page, target.Length)], from + at);
            }
            catch (IOException)
            {
                // These bytes stay zero, and no checksum holds for them.
            }
        }

        return target.Length;
    }
}
