using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Loggregator.Pipeline.Rings;

/// <summary>
/// A fixed number of 256-byte cells; an envelope lies in a chain of them. Not thread safe. The memory is native, so pages that were never
/// written are not resident, and free cells are reused last in, first out, which keeps the written set as small as what was ever held. When
/// nothing is held any more the arena begins anew, and gives the pages of a past backlog back to the system.
/// </summary>
internal sealed unsafe partial class CellArena : IDisposable
{
    public const int CellBytes = 256;
    private const int PageBytes = 4096;
    private const int KeptCells = 4 * 1024 * 1024 / CellBytes; // stay resident: a steady flow shall not pay for pages again and again
    private const int DontNeed = 4; // MADV_DONTNEED
    private byte* _bytes;
    private RingCell* _cells;
    private int _free = -1;
    private int _fresh; // cells from here on were never used

    public CellArena(int count)
    {
        Count = count;
        _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)count * CellBytes, PageBytes);
        _cells = (RingCell*)NativeMemory.AlignedAlloc((nuint)count * (nuint)sizeof(RingCell), PageBytes);
    }

    ~CellArena() => Free();

    public int Count { get; }

    public int Used { get; private set; }

    public ref RingCell this[int cell]
    {
        get
        {
            Debug.Assert((uint)cell < (uint)_fresh, "A cell that was never handed out.");
            return ref _cells[cell];
        }
    }

    public static int CellsFor(int length) => Math.Max(1, (int)(((uint)length + CellBytes - 1) / CellBytes));

    /// <summary>Takes <paramref name="count"/> cells; the caller has made sure that there are so many.</summary>
    /// <returns>The first cell of the chain.</returns>
    public int Allocate(int count)
    {
        ObjectDisposedException.ThrowIf(_cells == null, this);
        Debug.Assert(Used + count <= Count, "The arena is full.");
        Used += count;
        var first = -1;
        while (count-- > 0)
        {
            var cell = _free;
            if (cell >= 0)
            {
                _free = _cells[cell].Next;
            }
            else
            {
                cell = _fresh++;
            }

            _cells[cell].Next = first;
            first = cell;
        }

        return first;
    }

    /// <summary>Gives the chain from <paramref name="first"/> back.</summary>
    /// <returns>The number of its cells.</returns>
    public int Release(int first)
    {
        var count = 1;
        var last = first;
        while (_cells[last].Next >= 0)
        {
            last = _cells[last].Next;
            count++;
        }

        _cells[last].Next = _free;
        _free = first;
        Used -= count;
        if (Used == 0)
        {
            BeginAnew();
        }

        return count;
    }

    /// <summary>Writes three parts, one behind the other, into the chain from <paramref name="first"/>.</summary>
    public void Write(int first, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> body, ReadOnlySpan<byte> suffix)
    {
        var cell = first;
        var room = new Span<byte>(_bytes + ((long)cell * CellBytes), CellBytes);
        WritePart(prefix, ref cell, ref room);
        WritePart(body, ref cell, ref room);
        WritePart(suffix, ref cell, ref room);
    }

    /// <summary>Copies the envelope in the chain from <paramref name="first"/>, whose length is that of <paramref name="destination"/>.</summary>
    public void Read(int first, Span<byte> destination)
    {
        for (var cell = first; !destination.IsEmpty; cell = _cells[cell].Next)
        {
            var length = Math.Min(CellBytes, destination.Length);
            new ReadOnlySpan<byte>(_bytes + ((long)cell * CellBytes), length).CopyTo(destination);
            destination = destination[length..];
        }
    }

    /// <summary>The bytes of an envelope that lies in one cell.</summary>
    public ReadOnlySpan<byte> Single(int cell) => new(_bytes + ((long)cell * CellBytes), _cells[cell].Length);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void WritePart(ReadOnlySpan<byte> part, ref int cell, ref Span<byte> room)
    {
        while (part.Length > room.Length)
        {
            part[..room.Length].CopyTo(room);
            part = part[room.Length..];
            cell = _cells[cell].Next;
            room = new Span<byte>(_bytes + ((long)cell * CellBytes), CellBytes);
        }

        part.CopyTo(room);
        room = room[part.Length..];
    }

    private void BeginAnew()
    {
        if (_fresh > KeptCells && OperatingSystem.IsLinux())
        {
            // A refusal (another page size, for example) costs nothing but the memory.
            var unused = (nuint)(_fresh - KeptCells) * CellBytes;
            _ = Advise(_bytes + ((nuint)KeptCells * CellBytes), unused / PageBytes * PageBytes, DontNeed);
        }

        _free = -1;
        _fresh = 0;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(byte* address, nuint length, int advice);

    private void Free()
    {
        NativeMemory.AlignedFree(_bytes);
        NativeMemory.AlignedFree(_cells);
        _bytes = null;
        _cells = null;
    }
}
