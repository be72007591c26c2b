using Loggregator.Doppler.Lifetime;
using Xunit;

namespace Loggregator.Tests.Doppler;

public sealed class SnapshotFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-snapshot-").FullName;

    private string File => Path.Combine(_folder, "deep", "snapshot");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Sections_OfAnyLength_AreReadBack()
    {
        var random = new Random(1);
        (string, byte[])[] sections = [("log", Bytes(random, 5_000_000)), ("empty", []), ("block", Bytes(random, 1024 * 1024)), ("series", Bytes(random, 17))];
        Write(sections);
        AssertSections(sections);
        Assert.Equal([File], Directory.GetFiles(Path.GetDirectoryName(File)!));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    [Fact]
    public void Section_ThatIsReadInPart_DoesNotKeepFromTheNext()
    {
        Write(("first", new byte[3_000_000]), ("second", [1, 2, 3]));
        using var reader = new SnapshotReader(File);
        Assert.Equal("first", reader.NextSection());
        reader.ReadExactly(new byte[1_500_000]);
        Assert.Equal("second", reader.NextSection());
        Assert.Equal(1, reader.ReadByte());
        Assert.Null(reader.NextSection());
    }

    [Fact]
    public void Snapshot_TornAnywhere_IsRefused()
    {
        Write(("log", Bytes(new Random(2), 300)), ("series", Bytes(new Random(3), 40)));
        var whole = System.IO.File.ReadAllBytes(File);
        for (var length = 0; length < whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            Assert.Throws<SnapshotException>(() => new SnapshotReader(File));
        }

        System.IO.File.WriteAllBytes(File, [.. whole, 0]);
        Assert.Throws<SnapshotException>(() => new SnapshotReader(File));
    }

    [Fact]
    public void Snapshot_WithAnyBitFlipped_IsRefused()
    {
        Write(("log", Bytes(new Random(4), 40)), ("series", Bytes(new Random(5), 10)));
        var whole = System.IO.File.ReadAllBytes(File);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            System.IO.File.WriteAllBytes(File, flipped);
            Assert.Throws<SnapshotException>(() => new SnapshotReader(File));
        }
    }

    [Fact]
    public void Snapshot_WithItsBlocksMovedOrRepeated_IsRefused()
    {
        Write(("log", new byte[2 * 1024 * 1024])); // two blocks of the same bytes
        const int Head = 8, Section = 5 + 3 + 8, Block = 5 + (1024 * 1024) + 8;
        var whole = System.IO.File.ReadAllBytes(File);
        var (first, second) = (Head + Section, Head + Section + Block);
        System.IO.File.WriteAllBytes(File, [.. whole[..first], .. whole[second..(second + Block)], .. whole[first..second], .. whole[(second + Block)..]]);
        Assert.Throws<SnapshotException>(() => new SnapshotReader(File));
        System.IO.File.WriteAllBytes(File, [.. whole[..second], .. whole[first..]]);
        Assert.Throws<SnapshotException>(() => new SnapshotReader(File));
    }

    [Fact]
    public void Snapshot_OfANewerVersionOrSomethingElse_IsRefusedByItsName()
    {
        Write(("log", [1]));
        var whole = System.IO.File.ReadAllBytes(File);
        whole[7] = 9;
        System.IO.File.WriteAllBytes(File, whole);
        Assert.Contains("version 9", Assert.Throws<SnapshotException>(() => new SnapshotReader(File)).Message, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File, "PK this is something else altogether");
        Assert.Contains("no snapshot", Assert.Throws<SnapshotException>(() => new SnapshotReader(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Writer_BeyondItsBytesOrCutShort_LeavesWhatWasThere()
    {
        Write(("log", [7]));
        Assert.Throws<IOException>(() => Write(maxBytes: 1_500_000, ("log", new byte[3_000_000])));
        using (var cut = new SnapshotWriter(File, long.MaxValue))
        {
            cut.BeginSection("log");
            cut.Write(new byte[2_000_000]);
        }

        AssertSections(("log", [7]));
        Assert.Equal([File], Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private void Write(params (string Name, byte[] Bytes)[] sections) => Write(long.MaxValue, sections);

    private void Write(long maxBytes, params (string Name, byte[] Bytes)[] sections)
    {
        using var writer = new SnapshotWriter(File, maxBytes);
        foreach (var (name, bytes) in sections)
        {
            writer.BeginSection(name);
            foreach (var piece in bytes.Chunk(333_333))
            {
                writer.Write(piece);
            }
        }

        Assert.Equal(writer.Complete(), new FileInfo(File).Length);
    }

    private void AssertSections(params (string Name, byte[] Bytes)[] expected)
    {
        var sections = Read();
        Assert.Equal(expected.Select(section => section.Name), sections.Select(section => section.Name));
        Assert.All(expected.Zip(sections), pair => Assert.Equal(pair.First.Bytes, pair.Second.Bytes));
    }

    private List<(string Name, byte[] Bytes)> Read()
    {
        var sections = new List<(string, byte[])>();
        using var reader = new SnapshotReader(File);
        while (reader.NextSection() is { } name)
        {
            using var bytes = new MemoryStream();
            reader.CopyTo(bytes);
            sections.Add((name, bytes.ToArray()));
        }

        return sections;
    }
}
