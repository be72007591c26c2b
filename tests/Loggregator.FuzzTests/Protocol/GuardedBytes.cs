using System.Runtime.InteropServices;

namespace Loggregator.FuzzTests.Protocol;

/// <summary>
/// Bytes that end where a page without access begins: whoever reads one byte too many ends the process, so that no over-read goes unseen.
/// </summary>
internal sealed unsafe partial class GuardedBytes : IDisposable
{
    private const int ReadWrite = 3, NoAccess = 0, PrivateAnonymous = 0x22;
    private readonly byte* _start;
    private readonly nuint _mapped;
    private readonly int _capacity;

    public GuardedBytes(int capacity)
    {
        var page = Environment.SystemPageSize;
        _capacity = (capacity + page - 1) / page * page;
        _mapped = (nuint)(_capacity + page);
        _start = (byte*)MemoryMap(null, _mapped, ReadWrite, PrivateAnonymous, -1, 0);
        if (_start == (byte*)-1 || MemoryProtect(_start + _capacity, (nuint)page, NoAccess) != 0)
        {
            throw new InvalidOperationException("The guarded pages could not be mapped.");
        }
    }

    /// <summary>A copy of these bytes whose last one is the last that may be read.</summary>
    public ReadOnlySpan<byte> Place(ReadOnlySpan<byte> bytes)
    {
        var target = new Span<byte>(_start + _capacity - bytes.Length, bytes.Length);
        bytes.CopyTo(target);
        return target;
    }

    public void Dispose() => _ = MemoryUnmap(_start, _mapped);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* MemoryMap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int MemoryProtect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int MemoryUnmap(void* address, nuint length);
}
