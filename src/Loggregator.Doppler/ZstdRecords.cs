using Loggregator.Pipeline.Log;
using ZstdSharp;

namespace Loggregator.Doppler;

/// <summary>Packs records by zstd at its fastest ordinary level (RFC 8878). Any thread: each has its own contexts.</summary>
internal sealed class ZstdRecords : RecordCodec
{
    private const int Level = 1;

    [ThreadStatic]
    private static Compressor? _compressor;

    [ThreadStatic]
    private static Decompressor? _decompressor;

    public override int MaxPackedBytes(int bytes) => Compressor.GetCompressBound(bytes);

    public override int Pack(ReadOnlySpan<byte> records, Span<byte> target) => (_compressor ??= new Compressor(Level)).Wrap(records, target);

    public override int Unpack(ReadOnlySpan<byte> packed, Span<byte> target) => (_decompressor ??= new Decompressor()).Unwrap(packed, target);
}
