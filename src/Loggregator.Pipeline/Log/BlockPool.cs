namespace Loggregator.Pipeline.Log;

/// <summary>
/// Memory for packed blocks, in sizes that differ by a step. What is given back is used for another block of about that size; a few are kept for it,
/// the rest is left to the collector. Any thread.
/// </summary>
internal sealed class BlockPool
{
    private const int Step = 128, Near = 4; // a block may take an array that is so many steps too large
    private const int ObjectBytes = 24; // of an array beside its elements
    private readonly Lock _gate = new();
    private readonly List<Stack<byte[]>> _spare = [];
    private long _spareBytes;
    private long _maxSpareBytes;

    /// <summary>The most memory of arrays that are not in use.</summary>
    public long MaxSpareBytes => Volatile.Read(ref _maxSpareBytes);

    /// <summary>Memory of an array.</summary>
    public static long FootprintOf(byte[] block) => block.Length + ObjectBytes;

    /// <summary>Keeps at most so many bytes that are not in use; none at first.</summary>
    public void SizeFor(long spareBytes)
    {
        lock (_gate)
        {
            Volatile.Write(ref _maxSpareBytes, spareBytes);
            _spare.Clear();
            _spareBytes = 0;
        }
    }

    /// <summary>An array of at least that length. It is not moved by the collector.</summary>
    public byte[] Rent(int length)
    {
        var size = (length + Step - 1) / Step;
        lock (_gate)
        {
            for (var at = size; at < Math.Min(size + Near, _spare.Count); at++)
            {
                if (_spare[at].TryPop(out var block))
                {
                    _spareBytes -= FootprintOf(block);
                    return block;
                }
            }
        }

        return GC.AllocateUninitializedArray<byte>(size * Step, pinned: true);
    }

    public void Return(byte[] block)
    {
        lock (_gate)
        {
            if (_spareBytes + FootprintOf(block) > _maxSpareBytes)
            {
                return;
            }

            while (_spare.Count <= block.Length / Step)
            {
                _spare.Add(new Stack<byte[]>());
            }

            _spare[block.Length / Step].Push(block);
            _spareBytes += FootprintOf(block);
        }
    }
}
