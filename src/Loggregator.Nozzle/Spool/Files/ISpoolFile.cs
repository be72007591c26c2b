namespace Loggregator.Nozzle.Spool.Files;

/// <summary>One open file of a spool. Reads may go on beside writes; writes, truncations and syncs come from one thread at a time.</summary>
internal interface ISpoolFile : IDisposable
{
    /// <summary>Bytes of the file.</summary>
    long Length { get; }

    /// <summary>Reads what is there from an offset on, up to the target's length; 0 behind the end.</summary>
    int Read(Span<byte> target, long offset);

    /// <summary>Writes all parts one behind the other. After a failure any part of it may be there.</summary>
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset);

    /// <summary>Cuts the file.</summary>
    void Truncate(long length);

    /// <summary>Makes what was written last. After a failure what was written since the last success may be gone, whatever later calls say.</summary>
    void Sync();
}
