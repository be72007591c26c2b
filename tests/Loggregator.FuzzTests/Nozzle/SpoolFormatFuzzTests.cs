using System.Buffers;
using System.IO.Hashing;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Spool.Format;
using Xunit;

namespace Loggregator.FuzzTests.Nozzle;

public sealed class SpoolFormatFuzzTests
{
    private const ulong Salt = 0x1234_5678_9ABC_DEF0;

    [Fact]
    public void Blocks_AmongDamage_AreFoundAndNothingElseIs()
    {
        var random = new Random(1);
        var (found, lost) = (0, 0);
        for (var i = 0; i < 30_000; i++)
        {
            var blocks = Enumerable.Range(0, random.Next(1, 8)).Select(first => Block(random, (ulong)first)).ToList();
            var intact = blocks.ToList();
            var bytes = new List<byte>();
            foreach (var block in blocks)
            {
                var (copy, damaged) = Damage(random, block);
                bytes.AddRange(copy);
                if (damaged)
                {
                    intact.Remove(block);
                }
            }

            var read = Scan([.. bytes]);
            Assert.Equal(intact.Select(Convert.ToHexString), read.Select(Convert.ToHexString));
            found += read.Count;
            lost += blocks.Count - intact.Count;
        }

        Assert.InRange(found, 20_000, int.MaxValue);
        Assert.InRange(lost, 20_000, int.MaxValue);
    }

    [Fact]
    public void Garbage_IsNeverAHeaderNorAMark_AndOriginsOfItAreReadOrRefused()
    {
        var random = new Random(2);
        var bytes = new byte[300];
        for (var i = 0; i < 300_000; i++)
        {
            random.NextBytes(bytes);
            "LGRSPOOL"u8.CopyTo(bytes);
            Assert.False(SegmentHeader.TryRead(bytes, out _, out _));
            "LGRSMARK"u8.CopyTo(bytes);
            bytes[13] = bytes[14] = bytes[15] = 0; // else no count would be small enough
            Assert.False(MarkSlot.TryRead(bytes.AsSpan(0, random.Next(bytes.Length)), out _, out _, out _, out _));
            BlockHeader.Magic.CopyTo(bytes);
            Assert.NotEqual(BlockFound.Block, BlockScan.At(bytes, Salt, out _, out var length));
            Assert.InRange(length, 1, bytes.Length);
            var origin = bytes.AsSpan(random.Next(100), random.Next(100));
            if (BlockOrigin.TryRead(origin, out var id, out _, out _, out var deltas))
            {
                Assert.InRange(id.Length + deltas.Length, 0, origin.Length);
                for (var reads = 0; reads < 200; reads++)
                {
                    BlockOrigin.ReadDelta(ref deltas);
                }
            }
        }
    }

    [Fact]
    public void Headers_ThatClaimMoreThanThereMayBe_AreRefused()
    {
        var block = Block(new Random(3), 1);
        foreach (var (offset, value) in new[] { (8, -1), (12, int.MaxValue), (12, BlockHeader.MaxBlockLength), (16, -5) })
        {
            var copy = block.ToArray();
            BitConverter.TryWriteBytes(copy.AsSpan(offset), value);
            BitConverter.TryWriteBytes(copy.AsSpan(BlockHeader.Length - 8), XxHash3.HashToUInt64(copy.AsSpan(0, BlockHeader.Length - 8), unchecked((long)Salt)));
            Assert.Equal(BlockFound.Garbage, BlockScan.At(copy, Salt, out _, out _));
        }
    }

    private static byte[] Block(Random random, ulong first)
    {
        var origin = new ArrayBufferWriter<byte>();
        BlockOrigin.Write(origin, new DopplerIdentity("doppler", 1), first, []);
        var records = new byte[random.Next(1, 200)];
        random.NextBytes(records);
        if (random.Next(3) == 0 && records.Length > BlockHeader.Magic.Length)
        {
            BlockHeader.Magic.CopyTo(records.AsSpan(random.Next(records.Length - BlockHeader.Magic.Length))); // a text that looks like the start of a block
        }

        var block = new byte[BlockHeader.Length + origin.WrittenCount + records.Length];
        origin.WrittenSpan.CopyTo(block.AsSpan(BlockHeader.Length));
        records.CopyTo(block, BlockHeader.Length + origin.WrittenCount);
        new BlockHeader(BlockKind.Envelopes, origin.WrittenCount, records.Length, 1, first + 1, first + 2, 7).Write(block.AsSpan(0, block.Length - records.Length), records, Salt);
        return block;
    }

    // A bit flipped, bytes lost, bytes added, or none of it.
    private static (byte[] Bytes, bool Damaged) Damage(Random random, byte[] block)
    {
        var copy = block.ToList();
        var at = random.Next(block.Length);
        switch (random.Next(6))
        {
            case 0:
                copy[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                copy.RemoveRange(at, random.Next(1, copy.Count - at + 1));
                break;
            case 2:
                copy.InsertRange(at + 1, Enumerable.Range(0, random.Next(1, 100)).Select(_ => (byte)random.Next(256)));
                break;
            default:
                break;
        }

        return ([.. copy], !copy.SequenceEqual(block) && !copy.Take(block.Length).SequenceEqual(block));
    }

    private static List<byte[]> Scan(ReadOnlySpan<byte> bytes)
    {
        var blocks = new List<byte[]>();
        while (true)
        {
            var found = BlockScan.At(bytes, Salt, out _, out var length);
            if (found == BlockFound.NeedsMore)
            {
                if (bytes.Length <= BlockHeader.Length)
                {
                    return blocks;
                }

                length = 1; // a block that is cut off: another may stand in what would be its content
            }
            else if (found == BlockFound.Block)
            {
                blocks.Add(bytes[..length].ToArray());
            }

            bytes = bytes[length..];
        }
    }
}
