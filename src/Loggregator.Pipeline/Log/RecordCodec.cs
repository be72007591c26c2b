namespace Loggregator.Pipeline.Log;

/// <summary>
/// Makes records smaller and as they were. A seam, so that who uses this library without a log gets no compressor with it. One thread packs, any
/// number unpack.
/// </summary>
public abstract class RecordCodec
{
    /// <summary>The most bytes that so many can become.</summary>
    public abstract int MaxPackedBytes(int bytes);

    /// <summary>Packs all of <paramref name="records"/>; returns the bytes written.</summary>
    public abstract int Pack(ReadOnlySpan<byte> records, Span<byte> target);

    /// <summary>Writes what was packed to the beginning of <paramref name="target"/>; returns the bytes written.</summary>
    public abstract int Unpack(ReadOnlySpan<byte> packed, Span<byte> target);
}
