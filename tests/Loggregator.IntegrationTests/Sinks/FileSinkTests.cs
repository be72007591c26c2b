using System.IO.Compression;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;
using ZstdSharp;

namespace Loggregator.IntegrationTests.Sinks;

public sealed class FileSinkTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => Task.FromResult<SinkPeer>(new FilePeer("rotate-bytes=64KiB&compression=zstd"));

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("none")]
    public async Task Rotation_BySize_KeepsEveryLineAndTheNewestFiles(string compression)
    {
        await using var peer = new FilePeer($"rotate-bytes=20KiB&compression={compression}");
        await using (var run = Start(peer))
        {
            for (var number = 1; number <= 500; number += 20)
            {
                run.Source.Append(NumberedLog.Envelopes(1, 20, number));
                await DeliveredAsync(run, number + 19);
            }

            await Deadline.UntilAsync(
                () => peer.Rotated().Count > 3 && peer.Rotated().All(name => compression == "none" || name.EndsWith('z') || name.EndsWith("zst", StringComparison.Ordinal)),
                () => string.Join(' ', peer.Rotated()),
                Cancel);
        }

        await ArrivedAsync(peer, 1, 500);
        Assert.All(peer.Rotated(), name => Assert.True(FilePeer.Read(name).Length <= 20 * 1024));
    }

    [Fact]
    public async Task Rotation_WithKeep_RemovesTheOldest()
    {
        await using var peer = new FilePeer("rotate-bytes=4KiB&keep=2&compression=gzip");
        await using var run = Start(peer);
        for (var number = 1; number <= 400; number += 10)
        {
            run.Source.Append(NumberedLog.Envelopes(1, 10, number));
            await DeliveredAsync(run, number + 9);
        }

        await Deadline.UntilAsync(() => peer.Rotated().Count(name => name.EndsWith(".gz", StringComparison.Ordinal)) == 2 && peer.Rotated().Count <= 3, () => string.Join(' ', peer.Rotated()), Cancel, each: () =>
        {
            run.Source.Append(NumberedLog.Envelopes(1, 50, 1000));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Line_CutOffByACrash_IsEndedBeforeTheNext()
    {
        await using var peer = new FilePeer("");
        Directory.CreateDirectory(Path.GetDirectoryName(peer.Path)!);
        await File.WriteAllTextAsync(peer.Path, "{\"cut", Cancel);
        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(1, 3));
        await DeliveredAsync(run, 3);
        var lines = await File.ReadAllLinesAsync(peer.Path, Cancel);
        Assert.Equal(4, lines.Length);
        Assert.Equal("{\"cut", lines[0]);
    }

    [Fact]
    public async Task File_MovedAwayByAnother_IsMadeAnew()
    {
        await using var peer = new FilePeer("");
        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(1, 3));
        await DeliveredAsync(run, 3);
        File.Move(peer.Path, peer.Path + ".20200101T000000.000Z");
        run.Source.Append(NumberedLog.Envelopes(1, 3, from: 4));
        await DeliveredAsync(run, 6);
        Assert.Equal(3, File.ReadLines(peer.Path).Count());
        await ArrivedAsync(peer, 1, 6);
    }

    private sealed class FilePeer(string options) : SinkPeer
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-file-").FullName;

        public string Path => System.IO.Path.Combine(_folder, "out", "app log.ndjson");

        public override string Url
        {
            get
            {
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
                return $"file://{Path.Replace(" ", "%20", StringComparison.Ordinal)}?{options}";
            }
        }

        public IReadOnlyList<string> Rotated() =>
            [.. Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!).Where(name => name != Path && !name.EndsWith(".part", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

        // The sink compresses beside: a file may be there twice for a moment, or be gone between the list and the look.
        public override IReadOnlyList<NumberedLog> Received()
        {
            try
            {
                var logs = new List<NumberedLog>();
                foreach (var name in Rotated().Append(Path).Where(name => !File.Exists(name + ".zst") && !File.Exists(name + ".gz")))
                {
                    logs.AddRange(Decoded(System.Text.Encoding.UTF8.GetString(Read(name))));
                }

                return logs;
            }
            catch (IOException)
            {
                return [];
            }
        }

        public static byte[] Read(string name)
        {
            if (!File.Exists(name))
            {
                return [];
            }

            using var file = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using Stream plain = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress)
                : name.EndsWith(".zst", StringComparison.Ordinal) ? new DecompressionStream(file) : file;
            using var all = new MemoryStream();
            plain.CopyTo(all);
            return all.ToArray();
        }

        public override Task BreakAsync()
        {
            Directory.Move(_folder, _folder + ".away");
            File.WriteAllText(_folder, "in the way of the folder");
            return Task.CompletedTask;
        }

        public override Task RepairAsync()
        {
            File.Delete(_folder);
            Directory.Move(_folder + ".away", _folder);
            return Task.CompletedTask;
        }

        public override ValueTask DisposeAsync()
        {
            if (File.Exists(_folder))
            {
                File.Delete(_folder);
                _ = Task.Run(() => Directory.Delete(_folder + ".away", recursive: true));
            }
            else
            {
                Directory.Delete(_folder, recursive: true);
            }

            return ValueTask.CompletedTask;
        }

        private static IEnumerable<NumberedLog> Decoded(string ndjson) => ndjson.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.EndsWith('}')).SelectMany(JsonLines.Logs);
    }
}
