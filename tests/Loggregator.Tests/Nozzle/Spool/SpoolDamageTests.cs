using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Loggregator.Nozzle.Spool.Format;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>A disk that gives back other bytes than it was given, or refuses.</summary>
public sealed class SpoolDamageTests
{
    private const int Blocks = 60, PerBlock = 5;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BitFlip_Anywhere_CostsAtMostItsBlockAndIsTold()
    {
        var files = await FilledAsync();
        var random = new Random(1);
        foreach (var (name, length) in files.List().Where(file => SegmentName.TryRead(file.Name, out _, out _)))
        {
            for (var flips = 0; flips < 60; flips++)
            {
                var at = flips < SegmentHeader.Length / 2 ? flips * 2 : random.Next((int)length);
                await ReadDamagedAsync(files, name, content => content[at] ^= (byte)(1 << random.Next(8)), mostLost: PerBlock);
            }
        }
    }

    [Fact]
    public async Task Truncated_Anywhere_KeepsWhatIsBefore()
    {
        var files = await FilledAsync();
        var random = new Random(2);
        var segments = files.List().Where(file => SegmentName.TryRead(file.Name, out _, out _)).ToList();
        var last = segments.Max(segment => segment.Name);
        foreach (var (name, length) in segments)
        {
            for (var cuts = 0; cuts < 20; cuts++)
            {
                var rest = random.Next((int)length);
                var disk = files.AfterKill();
                disk.Replace(name, disk.Content(name)[..rest]);
                await using var fixture = new SpoolFixture(disk);
                var read = fixture.Drain();
                var numbers = read.Where(r => !r.IsGap).Select(r => r.Number).ToList();
                Assert.Equal(numbers.Distinct().Order(), numbers);
                Assert.All(read.Where(r => r.IsGap), gap => Assert.Equal(("nozzle/invalid", true, "other"), (gap.Reason, gap.UpperBound, gap.Source)));
                Assert.Equal(0, fixture.Counters.Held);
                fixture.CheckBooks();
                if (name != last)
                {
                    Assert.Equal((Blocks * PerBlock) - numbers.Count, read.Sum(r => r.Lost)); // its successor knows where it ended
                }
            }
        }
    }

    [Fact]
    public async Task Segment_RemovedByHand_IsToldExactly()
    {
        var disk = await FilledAsync();
        var second = disk.List().Select(file => file.Name).Where(name => SegmentName.TryRead(name, out _, out _)).Order(StringComparer.Ordinal).ElementAt(1);
        disk.Delete(second);
        await using var fixture = new SpoolFixture(disk);
        var read = fixture.Drain();
        Assert.Equal((Blocks * PerBlock) - read.Count(r => !r.IsGap), Assert.Single(read, r => r.IsGap).Lost);
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Garbage_WithTheMarksOfABlock_IsNotTakenForOne()
    {
        // An application logs what looks like a block of its own making; the block that holds it is damaged, so that it is searched.
        var forged = new byte[200];
        new BlockHeader(BlockKind.Envelopes, 20, 100, 1, 1, 2, 0).Write(forged.AsSpan(0, 84), forged.AsSpan(84, 100), salt: 0);
        var disk = new PowerCutFiles();
        await using (var fixture = new SpoolFixture(disk))
        {
            using var buffer = MessageBuffer.Rent(0);
            using var envelope = MessageBuffer.Rent(0);
            EnvelopeWriter.Log(envelope, 1, "evil"u8, "0"u8, forged);
            Records.Append(buffer, envelope.Span);
            await fixture.Spool.AppendAsync(new SpoolEntry(buffer, 0, buffer.Length, 1, SpoolFixture.Doppler, 0), Cancel);
            await fixture.AppendAsync(1);
        }

        disk.Content(disk.List().Single(file => SegmentName.TryRead(file.Name, out _, out _)).Name)[SegmentHeader.Length] ^= 1;
        await using var again = new SpoolFixture(disk);
        var read = again.Drain();
        Assert.Equal([-1, 1], read.Select(r => r.Number));
        Assert.Equal(1, again.Counters.DamagedBlocks);
    }

    [Theory]
    [InlineData(".segment")]
    [InlineData("mark.")]
    public async Task NewerVersion_IsRefusedWithTheCure(string part)
    {
        var disk = await FilledAsync();
        foreach (var (name, _) in disk.List().Where(file => file.Name.Contains(part, StringComparison.Ordinal)))
        {
            var content = disk.Content(name);
            content[8] = 2; // the version
            var end = part == ".segment" ? SegmentHeader.Length - 8 : 32 + (16 * content[12]);
            BitConverter.TryWriteBytes(content.AsSpan(end), System.IO.Hashing.XxHash3.HashToUInt64(content.AsSpan(0, end)));
        }

        var refused = Assert.Throws<SpoolException>(() => new SpoolFixture(disk));
        Assert.Contains("newer version (2; this one knows 1). Run that version", refused.Message, StringComparison.Ordinal);
        disk.Lock().Dispose(); // which it has given back
    }

    [Fact]
    public async Task DamagedMark_GivesEverythingAgain()
    {
        var disk = await FilledAsync();
        await using (var fixture = new SpoolFixture(disk, batchBytes: 1))
        {
            using var batch = fixture.Reader.TryRead()!;
            batch.Complete();
        }

        foreach (var (name, _) in disk.List().Where(file => file.Name.StartsWith("mark.", StringComparison.Ordinal)))
        {
            Array.Fill(disk.Content(name), (byte)0xFF);
        }

        await using var again = new SpoolFixture(disk);
        Assert.Equal(Blocks * PerBlock, again.Drain().Count);
        Assert.Contains(again.Said.Warnings, line => line.Contains("no read mark", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SecondOpening_WhileTheFirstLives_IsRefused()
    {
        var folder = Directory.CreateTempSubdirectory("spool");
        try
        {
            var options = new SpoolOptions { Directory = folder.FullName };
            await using var first = EnvelopeSpool.Open(options, NullLogger.Instance, TimeProvider.System);
            var refused = Assert.Throws<SpoolException>(
                () => EnvelopeSpool.Open(options, NullLogger.Instance, TimeProvider.System));
            Assert.Contains("in use by another process", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Folder_ThatCannotBeMade_IsRefusedByName()
    {
        var file = Path.GetTempFileName();
        try
        {
            var options = new SpoolOptions { Directory = Path.Combine(file, "spool") };
            var refused = Assert.Throws<SpoolException>(
                () => EnvelopeSpool.Open(options, NullLogger.Instance, TimeProvider.System));
            Assert.Contains(options.Directory, refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task ReadOnly_WhileItRuns_StopsLoudlyAndGoesOn()
    {
        await using var fixture = new SpoolFixture();
        await fixture.AppendAsync(0);
        fixture.Disk.ReadOnly = true;
        var waiting = fixture.AppendAsync(1);
        await Deadline.UntilAsync(() => fixture.Spool.Trouble is not null, () => "nothing was said", Cancel);
        Assert.Contains("Read-only file system", fixture.Spool.Trouble, StringComparison.Ordinal);
        Assert.False(waiting.IsCompleted);
        fixture.Disk.ReadOnly = false;
        await waiting.WaitAsync(Soon, Cancel);
        Assert.Equal([0, 1], fixture.Drain().Select(r => r.Number));
        Assert.Contains(fixture.Said.Errors, line => line.Contains("nothing more is acknowledged", StringComparison.Ordinal));
        Assert.Contains(fixture.Said.Warnings, line => line.Contains("stores again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FailedSync_RetiresTheSegment_AndWhatWasInItIsWrittenAgain()
    {
        var disk = new PowerCutFiles();
        await using var fixture = new SpoolFixture(disk);
        await fixture.AppendAsync(0);
        disk.FailingSyncs = 1;
        await fixture.AppendAsync(1);
        await fixture.AppendAsync(2);
        Assert.Equal(1, fixture.Counters.Retired);
        Assert.Equal(2, fixture.Counters.Segments);
        Assert.Null(fixture.Spool.Trouble);

        await using var again = new SpoolFixture(disk.AfterPowerCut(new Random(3)));
        Assert.Equal([0, 1, 2], again.Drain().Select(r => r.Number));
        Assert.Equal([0, 1, 2], fixture.Drain().Select(r => r.Number));
    }

    [Fact]
    public async Task DiskFull_StopPolicy_WaitsUntilThereIsRoom()
    {
        await using var fixture = new SpoolFixture();
        await fixture.AppendAsync(0, bytes: 1000);
        fixture.Disk.Capacity = 40_000;
        var waiting = fixture.AppendAsync(1, bytes: 30_000);
        await Deadline.UntilAsync(() => fixture.Spool.Trouble is not null, () => "nothing was said", Cancel);
        Assert.Contains("the disk is full", fixture.Spool.Trouble, StringComparison.Ordinal);
        fixture.Disk.Capacity = 100_000;
        await waiting.WaitAsync(Soon, Cancel);
        Assert.Equal([0, 1], fixture.Drain().Select(r => r.Number));
        Assert.Equal(0, fixture.Counters.Retired);
    }

    [Fact]
    public async Task DiskFull_DropPolicy_MakesRoomAndTells()
    {
        await using var fixture = new SpoolFixture(whenFull: BufferFull.DropOldest);
        for (var i = 0; i < 40; i++)
        {
            await fixture.AppendAsync(i, bytes: 10_000);
        }

        fixture.Disk.Capacity = fixture.Disk.List().Sum(file => file.Length) + 5_000;
        for (var i = 40; i < 60; i++)
        {
            await fixture.AppendAsync(i, bytes: 10_000);
        }

        var read = fixture.Drain();
        Assert.Equal(60, read.Sum(r => r.IsGap ? r.Lost : 1));
        Assert.True(read[0].IsGap);
        Assert.Equal(Enumerable.Range((int)read[0].Lost, read.Count - 1), read.Skip(1).Select(r => r.Number));
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Closing_WhileTheDiskRefuses_FailsWhatIsNotStored()
    {
        var fixture = new SpoolFixture();
        await fixture.AppendAsync(0);
        fixture.Disk.ReadOnly = true;
        var waiting = fixture.AppendAsync(1);
        await Deadline.UntilAsync(() => fixture.Spool.Trouble is not null, () => "nothing was said", Cancel);
        await fixture.DisposeAsync();
        var refused = await Assert.ThrowsAsync<SpoolException>(() => waiting.WaitAsync(Soon, Cancel));
        Assert.Contains("was closed before this was stored", refused.Message, StringComparison.Ordinal);
    }

    // Blocks of a few lines, in several segments.
    private static async Task<PowerCutFiles> FilledAsync()
    {
        var disk = new PowerCutFiles();
        await using var fixture = new SpoolFixture(disk);
        for (var i = 0; i < Blocks; i++)
        {
            await fixture.AppendAsync(i * PerBlock, PerBlock, bytes: 900);
        }

        Assert.True(fixture.Counters.Segments > 2);
        return disk;
    }

    private static async Task ReadDamagedAsync(PowerCutFiles files, string name, Action<byte[]> damage, int mostLost)
    {
        var disk = files.AfterKill();
        var content = disk.Content(name).ToArray();
        damage(content);
        disk.Replace(name, content);
        await using var fixture = new SpoolFixture(disk);
        var read = fixture.Drain();
        var numbers = read.Where(r => !r.IsGap).Select(r => r.Number).ToList();
        Assert.Equal(numbers.Distinct().Order(), numbers);
        var lost = (Blocks * PerBlock) - numbers.Count;
        Assert.InRange(lost, 0, mostLost);
        var atTheEnd = numbers[^1] != (Blocks * PerBlock) - 1; // as a write that was not finished: nothing says that there was more
        Assert.Equal(atTheEnd ? 0 : lost, read.Sum(r => r.Lost));
        fixture.CheckBooks();
    }
}
