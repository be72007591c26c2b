namespace Loggregator.Pipeline.Series;

/// <summary>
/// Up to <see cref="MaxSamples"/> samples by ascending time, packed: their number, the first and last time, the form of the values, then times and
/// values as bits. Values are one value, decimals as <see cref="IntegerCodec"/> has them, or <see cref="XorCodec"/>'s. Reading never throws.
/// </summary>
internal static class SampleChunk
{
    /// <summary>Samples in a full chunk.</summary>
    public const int MaxSamples = 240;

    /// <summary>Bytes of the largest chunk there can be.</summary>
    public const int MaxLength = (MaxSamples * 22) + 64; // an escaped time has 83 bits, a value 77, with another form's overhead 83

    private const int Constant = 0, Decimal = 1, Xor = 2;

    /// <summary>Packs samples whose times ascend; 1 to <see cref="MaxSamples"/>.</summary>
    /// <returns>Bytes written to <paramref name="target"/>, which has <see cref="MaxLength"/>.</returns>
    public static int Write(Span<byte> target, ReadOnlySpan<Sample> samples)
    {
        Span<long> numbers = stackalloc long[samples.Length];
        var digits = 0;
        var form = IsConstant(samples) ? Constant : DecimalScale.TryScale(samples, numbers, out digits) ? Decimal : Xor;
        Span<long> times = stackalloc long[samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            times[i] = samples[i].Time;
        }

        var writer = new BitWriter(target);
        writer.Write((ulong)samples.Length, 8);
        writer.WriteSized(IntegerCodec.ZigZag(times[0]));
        writer.WriteSized((ulong)(times[^1] - times[0]));
        writer.Write((ulong)form, 2);
        IntegerCodec.Write(ref writer, times);
        switch (form)
        {
            case Constant:
                writer.Write(BitConverter.DoubleToUInt64Bits(samples[0].Value), 64);
                break;
            case Decimal:
                writer.Write((ulong)digits, 4);
                writer.WriteSized(IntegerCodec.ZigZag(numbers[0]));
                IntegerCodec.Write(ref writer, numbers);
                break;
            default:
                XorCodec.Write(ref writer, samples);
                break;
        }

        writer.Flush();
        return writer.Length;
    }

    /// <summary>How many samples there are, and the times of the first and the last; 0 samples where the bytes are no chunk.</summary>
    public static int ReadRange(ReadOnlySpan<byte> chunk, out long first, out long last)
    {
        var reader = new BitReader(chunk);
        return ReadRange(ref reader, out first, out last);
    }

    /// <summary>Unpacks into <paramref name="samples"/>, which has room for <see cref="MaxSamples"/>.</summary>
    /// <returns>How many; 0 where the bytes are no chunk.</returns>
    public static int Read(ReadOnlySpan<byte> chunk, Span<Sample> samples)
    {
        var reader = new BitReader(chunk);
        var count = ReadRange(ref reader, out var first, out _);
        samples = samples[..count];
        Span<long> numbers = stackalloc long[count];
        if (count == 0)
        {
            return 0;
        }

        var form = (int)reader.Read(2);
        numbers[0] = first;
        IntegerCodec.Read(ref reader, numbers);
        for (var i = 0; i < count; i++)
        {
            samples[i] = new Sample(numbers[i], 0);
        }

        switch (form)
        {
            case Constant:
                var value = BitConverter.UInt64BitsToDouble(reader.Read(64));
                for (var i = 0; i < count; i++)
                {
                    samples[i] = samples[i] with { Value = value };
                }

                break;
            case Decimal:
                var digits = (int)Math.Min(reader.Read(4), DecimalScale.MaxDigits);
                numbers[0] = IntegerCodec.UnZigZag(reader.ReadSized());
                IntegerCodec.Read(ref reader, numbers);
                for (var i = 0; i < count; i++)
                {
                    samples[i] = samples[i] with { Value = DecimalScale.Unscale(numbers[i], digits) };
                }

                break;
            default:
                XorCodec.Read(ref reader, samples);
                break;
        }

        return reader.Overrun ? 0 : count;
    }

    private static int ReadRange(ref BitReader reader, out long first, out long last)
    {
        var count = (int)reader.Read(8);
        first = IntegerCodec.UnZigZag(reader.ReadSized());
        last = first + (long)reader.ReadSized();
        return count > MaxSamples || reader.Overrun ? 0 : count;
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
