using System.Buffers.Binary;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Up to <see cref="MaxSamples"/> samples by ascending time, packed: their number (1 byte), the first and last time (8 each, little-endian), then one or two blocks of
/// at most <see cref="BlockSamples"/> as bits, each filled up to a byte: how far its first time is from the chunk's, the form of its values, times and values. Values are
/// one value, decimals as <see cref="IntegerCodec"/> has them, or <see cref="XorCodec"/>'s. Reading never throws.
/// </summary>
internal static class SampleChunk
{
    /// <summary>Samples of a full block.</summary>
    public const int BlockSamples = 120;

    /// <summary>Samples in a full chunk.</summary>
    public const int MaxSamples = 2 * BlockSamples;

    /// <summary>Bytes of the largest chunk there can be.</summary>
    public const int MaxLength = HeaderLength + (MaxSamples * 22) + 128; // an escaped time has 83 bits, a value 77, with another form's overhead 83

    private const int HeaderLength = 1 + (2 * sizeof(long));
    private const int Constant = 0, Decimal = 1, Xor = 2;

    /// <summary>Packs samples whose times ascend; 1 to <see cref="MaxSamples"/>.</summary>
    /// <returns>Bytes written to <paramref name="target"/>, which has <see cref="MaxLength"/>.</returns>
    public static int Write(Span<byte> target, ReadOnlySpan<Sample> samples)
    {
        WriteHeader(target, samples.Length, samples[0].Time, samples[^1].Time);
        var length = HeaderLength;
        for (var rest = samples; !rest.IsEmpty; rest = rest[Math.Min(BlockSamples, rest.Length)..])
        {
            length += WriteBlock(target[length..], rest[..Math.Min(BlockSamples, rest.Length)], samples[0].Time);
        }

        return length;
    }

    /// <summary>Packs a chunk of one full block and, as its second, later samples, at most <see cref="BlockSamples"/>.</summary>
    /// <returns>Bytes written to <paramref name="target"/>, which has <see cref="MaxLength"/>.</returns>
    public static int Append(Span<byte> target, ReadOnlySpan<byte> chunk, ReadOnlySpan<Sample> samples)
    {
        ReadRange(chunk, out var first, out _);
        chunk.CopyTo(target);
        WriteHeader(target, BlockSamples + samples.Length, first, samples[^1].Time);
        return chunk.Length + WriteBlock(target[chunk.Length..], samples, first);
    }

    /// <summary>How many samples there are, and the times of the first and the last; 0 samples where the bytes are no chunk.</summary>
    public static int ReadRange(ReadOnlySpan<byte> chunk, out long first, out long last)
    {
        (first, last) = (0, 0);
        if (chunk.Length < HeaderLength || chunk[0] > MaxSamples)
        {
            return 0;
        }

        first = BinaryPrimitives.ReadInt64LittleEndian(chunk[1..]);
        last = BinaryPrimitives.ReadInt64LittleEndian(chunk[(1 + sizeof(long))..]);
        return chunk[0];
    }

    /// <summary>Unpacks into <paramref name="samples"/>, which has room for <see cref="MaxSamples"/>.</summary>
    /// <returns>How many; 0 where the bytes are no chunk.</returns>
    public static int Read(ReadOnlySpan<byte> chunk, Span<Sample> samples)
    {
        var count = ReadRange(chunk, out var first, out _);
        if (count == 0)
        {
            return 0;
        }

        var reader = new BitReader(chunk[HeaderLength..]);
        for (var at = 0; at < count; at += BlockSamples)
        {
            ReadBlock(ref reader, samples[at..Math.Min(at + BlockSamples, count)], first);
            reader.SkipToByte();
        }

        return reader.Overrun ? 0 : count;
    }

    private static void WriteHeader(Span<byte> target, int count, long first, long last)
    {
        target[0] = (byte)count;
        BinaryPrimitives.WriteInt64LittleEndian(target[1..], first);
        BinaryPrimitives.WriteInt64LittleEndian(target[(1 + sizeof(long))..], last);
    }

    private static int WriteBlock(Span<byte> target, ReadOnlySpan<Sample> samples, long first)
    {
        Span<long> numbers = stackalloc long[samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            numbers[i] = samples[i].Time;
        }

        var writer = new BitWriter(target);
        writer.WriteSized(IntegerCodec.ZigZag(numbers[0] - first));
        IntegerCodec.Write(ref writer, numbers);
        if (IsConstant(samples))
        {
            writer.Write(Constant, 2);
            writer.Write(BitConverter.DoubleToUInt64Bits(samples[0].Value), 64);
        }
        else if (DecimalScale.TryScale(samples, numbers, out var digits))
        {
            writer.Write(Decimal, 2);
            writer.Write((ulong)digits, 4);
            writer.WriteSized(IntegerCodec.ZigZag(numbers[0]));
            IntegerCodec.Write(ref writer, numbers);
        }
        else
        {
            writer.Write(Xor, 2);
            XorCodec.Write(ref writer, samples);
        }

        writer.Flush();
        return writer.Length;
    }

    private static void ReadBlock(ref BitReader reader, Span<Sample> samples, long first)
    {
        Span<long> numbers = stackalloc long[samples.Length];
        numbers[0] = first + IntegerCodec.UnZigZag(reader.ReadSized());
        IntegerCodec.Read(ref reader, numbers);
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = new Sample(numbers[i], 0);
        }

        switch ((int)reader.Read(2))
        {
            case Constant:
                var value = BitConverter.UInt64BitsToDouble(reader.Read(64));
                for (var i = 0; i < samples.Length; i++)
                {
                    samples[i] = samples[i] with { Value = value };
                }

                break;
            case Decimal:
                var digits = (int)Math.Min(reader.Read(4), DecimalScale.MaxDigits);
                numbers[0] = IntegerCodec.UnZigZag(reader.ReadSized());
                IntegerCodec.Read(ref reader, numbers);
                for (var i = 0; i < samples.Length; i++)
                {
                    samples[i] = samples[i] with { Value = DecimalScale.Unscale(numbers[i], digits) };
                }

                break;
            default:
                XorCodec.Read(ref reader, samples);
                break;
        }
    }

    private static bool IsConstant(ReadOnlySpan<Sample> samples)
    {
        var first = BitConverter.DoubleToInt64Bits(samples[0].Value);
        foreach (var sample in samples[1..])
        {
            if (BitConverter.DoubleToInt64Bits(sample.Value) != first)
            {
                return false;
            }
        }

        return true;
    }
}
