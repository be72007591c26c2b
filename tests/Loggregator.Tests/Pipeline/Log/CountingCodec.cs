using Loggregator.Doppler;
using Loggregator.Pipeline.Log;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>The Doppler's codec, and how often it was asked.</summary>
internal sealed class CountingCodec : RecordCodec
{
    private readonly ZstdRecords _zstd = new();

    public int Packed { get; private set; }

    public int Unpacked { get; private set; }

    public override int MaxPackedBytes(int bytes) => _zstd.MaxPackedBytes(bytes);

    public override int Pack(ReadOnlySpan<byte> records, Span<byte> target)
    {
        Packed++;
        return _zstd.Pack(records, target);
    }

    public override int Unpack(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        Unpacked++;
        return _zstd.Unpack(packed, target);
    }
}
