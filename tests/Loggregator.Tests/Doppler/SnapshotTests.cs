using Loggregator.Doppler;
using Loggregator.Doppler.Lifetime;
using Loggregator.Tests.Pipeline.Log;
using Loggregator.Tests.Pipeline.Series;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Loggregator.Tests.Doppler;

public sealed class SnapshotTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-snapshot-").FullName;

    private DopplerOptions Options => new() { SnapshotPath = Path.Combine(_folder, "snapshot") };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(9)]
    [InlineData(0)]
    public void Load_OfSeriesOfAnotherVersion_KeepsTheLog(byte version)
    {
        var before = new LogFixture();
        before.AddLog("app", "line").Append();
        using (var writer = new SnapshotWriter(Options.SnapshotPath, 1 << 20))
        {
            writer.BeginSection("log");
            before.Log.Save(writer, 1 << 20);
            writer.BeginSection("series");
            writer.Write([version, 1, 2, 3]);
            writer.Complete();
        }

        var (log, series, identity) = (new LogFixture(), new SeriesFixture(), new DopplerIdentity(Options));
        new Snapshot(Options, identity, log.Log, series.Store, NullLogger<Snapshot>.Instance).Load();
        Assert.True(identity.Restored);
        Assert.Equal(1, log.Log.HeldSources);
        Assert.Equal(0, series.Store.Count);
        Assert.Empty(Directory.GetFiles(_folder));
    }
}
