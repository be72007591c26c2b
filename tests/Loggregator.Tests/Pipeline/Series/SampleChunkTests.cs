using Loggregator.Pipeline.Series;
using Xunit;

namespace Loggregator.Tests.Pipeline.Series;

public sealed class SampleChunkTests
{
    private static readonly double[] Odd =
    [
        0, -0.0, 1, -1, 0.1, 0.01, -273.15, 1e300, -1e-300, double.Epsilon, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity,
        double.NaN, BitConverter.UInt64BitsToDouble(0x7ff0000000000002), BitConverter.UInt64BitsToDouble(0xfff8000000000001), 9007199254740993, 1UL << 63,
        ulong.MaxValue, 9223372036854774784, -9223372036854775808, 123456789.123456789, 1e22, 1e23, 0.3,
    ];

    private static readonly long[] OddTimes = [0, -1, 1, long.MinValue / 1_000_000, long.MaxValue / 1_000_000, 1_700_000_000_000, long.MinValue, long.MaxValue];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Chunk_OfAnySamples_GivesThemBackBitForBit(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            var values = ValuesOf(random);
            var times = TimesOf(random);
            var samples = Enumerable.Range(0, random.Next(1, SampleChunk.MaxSamples + 1)).Select(_ => new Sample(times(), values()))
                .DistinctBy(sample => sample.Time).OrderBy(sample => sample.Time).ToArray();
            AssertRoundTrip(samples);
        }
    }

    [Fact]
    public void Chunk_OfEachOddValue_GivesItBack()
    {
        foreach (var first in Odd)
        {
            AssertRoundTrip([new Sample(-5, first)]);
            foreach (var second in Odd)
            {
                AssertRoundTrip([new Sample(-5, first), new Sample(10, second), new Sample(11, second), new Sample(12, first)]);
            }
        }
    }

    [Fact]
    public void Chunk_OfTheFarthestTimesAndWidestValues_FitsTheRoom()
    {
        var random = new Random(4);
        var samples = Enumerable.Range(0, SampleChunk.MaxSamples).Select(_ => new Sample(random.NextInt64(long.MinValue, long.MaxValue), AnyBits(random)))
            .OrderBy(sample => sample.Time).ToArray();
        AssertRoundTrip(samples);
    }

    [Fact]
    public void Chunk_OfGarbage_IsReadWithoutException()
    {
        var random = new Random(5);
        var target = new Sample[SampleChunk.MaxSamples];
        for (var round = 0; round < 20_000; round++)
        {
            var garbage = new byte[random.Next(0, 400)];
            random.NextBytes(garbage);
            Assert.InRange(SampleChunk.Read(garbage, target), 0, SampleChunk.MaxSamples);
        }
    }

    // All that a sample takes: the packed bytes, the array around them, and its entries in the series and in the queue of the oldest.
    [Theory]
    [InlineData("constant", 2)]
    [InlineData("counter", 2)]
    [InlineData("integer", 2)]
    [InlineData("two decimals", 4)]
    [InlineData("random", 9)]
    public void Sample_Every15SecondsWithJitter_TakesFewBytes(string kind, double most)
    {
        var random = new Random(6);
        var bytes = 0L;
        const int Chunks = 100;
        var total = 0.0;
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            var samples = new Sample[SampleChunk.MaxSamples];
            for (var i = 0; i < samples.Length; i++)
            {
                total += random.Next(0, 100);
                samples[i] = new Sample(1_700_000_000_000 + (((chunk * samples.Length) + i) * 15_000L) + random.Next(-5, 6), kind switch
                {
                    "constant" => 42.5,
                    "counter" => total,
                    "integer" => random.Next(0, 100),
                    "two decimals" => Math.Round(random.NextDouble() * 100, 2),
                    _ => random.NextDouble(),
                });
            }

            bytes += SeriesMemory.OfChunk(AssertRoundTrip(samples).Length);
        }

        Assert.InRange(bytes / (double)(Chunks * SampleChunk.MaxSamples), 0.1, most);
    }

    internal static double AnyBits(Random random) => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));

    private static byte[] AssertRoundTrip(Sample[] samples)
    {
        var room = new byte[SampleChunk.MaxLength];
        var chunk = room.AsSpan(0, SampleChunk.Write(room, samples)).ToArray();
        var target = new Sample[SampleChunk.MaxSamples];
        Assert.Equal(samples.Length, SampleChunk.Read(chunk, target));
        for (var i = 0; i < samples.Length; i++)
        {
            Assert.Equal(samples[i].Time, target[i].Time);
            Assert.Equal(BitConverter.DoubleToInt64Bits(samples[i].Value), BitConverter.DoubleToInt64Bits(target[i].Value));
        }

        Assert.Equal(samples.Length, SampleChunk.ReadRange(chunk, out var first, out var last));
        Assert.Equal((samples[0].Time, samples[^1].Time), (first, last));
        if (samples.Length > SampleChunk.BlockSamples)
        {
            var half = room.AsSpan(0, SampleChunk.Write(room, samples.AsSpan(0, SampleChunk.BlockSamples))).ToArray();
            Assert.Equal(chunk, room.AsSpan(0, SampleChunk.Append(room, half, samples.AsSpan(SampleChunk.BlockSamples))).ToArray());
        }

        return chunk;
    }

    private static Func<double> ValuesOf(Random random)
    {
        var digits = random.Next(0, 12);
        var scale = Math.Pow(10, random.Next(0, 18));
        var total = 0.0;
        return random.Next(8) switch
        {
            0 => () => AnyBits(random),
            1 => () => Odd[random.Next(Odd.Length)],
            2 => () => total += random.Next(1000),
            3 => () => Math.Round(random.NextDouble() * scale, digits),
            4 => () => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
            5 => () => random.NextInt64(long.MinValue, long.MaxValue),
            6 => () => random.Next(20) == 0 ? double.NaN : random.Next(100),
            _ => random.NextDouble,
        };
    }

    private static Func<long> TimesOf(Random random)
    {
        var time = OddTimes[random.Next(OddTimes.Length - 2)];
        return random.Next(5) switch
        {
            0 => () => random.NextInt64(long.MinValue, long.MaxValue),
            1 => () => OddTimes[random.Next(OddTimes.Length)],
            2 => () => time += random.Next(1, 100),
            3 => () => time += random.Next(30) == 0 ? 3_600_000 : 15_000,
            _ => () => time += 15_000 + random.Next(-5, 6),
        };
    }
}
