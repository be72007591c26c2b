using System.Text.Json;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Loggregator.Tests.Nozzle.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class SpoolCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("spool-command");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Inspect_AHalfDeliveredSpool_ShowsWhatIsHeld()
    {
        await FillAsync(3, deliver: 1);
        var ran = await CommandLine.RunAsync("spool", "inspect", _folder.FullName);
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("SEGMENT", ran.Out, StringComparison.Ordinal);
        Assert.Contains("20 envelopes to deliver, the oldest stored at most 0m 0s ago\n", ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("delivered: 1 to 10\n", ran.Out, StringComparison.Ordinal);
        Assert.Empty(ran.Error);
    }

    [Fact]
    public async Task Check_WholeThenDamaged_ExitsWithZeroThenOne()
    {
        await FillAsync(3);
        var whole = await CommandLine.RunAsync("spool", "check", _folder.FullName);
        Assert.Equal((0, true), (whole.ExitCode, whole.Out.EndsWith("no damage\n", StringComparison.Ordinal)));

        Damage();
        var damaged = await CommandLine.RunAsync("spool", "check", _folder.FullName);
        Assert.Equal(1, damaged.ExitCode);
        Assert.EndsWith("1 damaged places, 10 envelopes missing\n", damaged.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_PrintsTheUndeliveredAsJsonLines_AndSaysWhatItCannotRead()
    {
        await FillAsync(3, deliver: 1);
        var ran = await CommandLine.RunAsync("spool", "export", _folder.FullName);
        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(Enumerable.Range(10, 20), Numbers(ran.Out));

        Assert.Equal(Enumerable.Range(0, 30), Numbers((await CommandLine.RunAsync("spool", "export", _folder.FullName, "--all")).Out));

        Damage();
        var damaged = await CommandLine.RunAsync("spool", "export", _folder.FullName);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Equal(Enumerable.Range(20, 10), Numbers(damaged.Out));
        Assert.Contains("10 undelivered envelopes cannot be read", damaged.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_WhileTheSpoolIsInUse_Reads()
    {
        await using var spool = Open();
        using var lines = SpoolFixture.Lines(0, 10);
        await spool.AppendAsync(new SpoolEntry(lines, 0, lines.Length, 10, new DopplerIdentity("d", 1), 0), Cancel);
        var ran = await CommandLine.RunAsync("spool", "check", _folder.FullName);
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("no damage", ran.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("check")]
    [InlineData("export")]
    public async Task AnyCommand_OfAFolderThatIsNoSpool_SaysSo(string command)
    {
        var ran = await CommandLine.RunAsync("spool", command, _folder.FullName);
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("holds no spool", ran.Error, StringComparison.Ordinal);
        var nowhere = await CommandLine.RunAsync("spool", command, Path.Combine(_folder.FullName, "nowhere"));
        Assert.Equal(1, nowhere.ExitCode);
        Assert.Contains("cannot be read", nowhere.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<int> Numbers(string lines) =>
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            var payload = json.RootElement.GetProperty("log").GetProperty("payload").GetBytesFromBase64();
            return int.Parse(System.Text.Encoding.UTF8.GetString(payload), System.Globalization.CultureInfo.InvariantCulture);
        });

    private EnvelopeSpool Open() => EnvelopeSpool.Open(new SpoolOptions { Directory = _folder.FullName }, NullLogger.Instance, TimeProvider.System);

    // Blocks of ten lines, of which the first so many are delivered.
    private async Task FillAsync(int blocks, int deliver = 0)
    {
        await using var spool = Open();
        for (var block = 0; block < blocks; block++)
        {
            using var lines = SpoolFixture.Lines(block * 10, 10);
            await spool.AppendAsync(new SpoolEntry(lines, 0, lines.Length, 10, new DopplerIdentity("d", 1), 0), Cancel);
        }

        using var reader = spool.OpenReader(BufferOrder.Fifo, batchBytes: 1);
        for (; deliver > 0; deliver--)
        {
            using var batch = reader.TryRead()!;
            batch.Complete();
        }
    }

    // In the middle, which is the second block of three.
    private void Damage()
    {
        var file = _folder.GetFiles("*.segment").Single().FullName;
        var content = File.ReadAllBytes(file);
        content[content.Length / 2] ^= 4;
        File.WriteAllBytes(file, content);
    }
}
