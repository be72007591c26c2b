using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;
using Loggregator.TestKit.Sinks;
using Loggregator.Tests.Nozzle.Rendering;
using Xunit;

namespace Loggregator.Tests.Nozzle.Delivery;

public sealed class DeadLetterFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-dead-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void File_IsBoundedAndToldWhatHadToGo()
    {
        var path = Path.Combine(_folder, "sub", "dead");
        long written = 0, gone = 0;
        using (var file = new DeadLetterFile(path, 64 * 1024, TimeProvider.System))
        {
            for (var i = 1; i <= 1_000; i++)
            {
                using var batch = new RecordBatch();
                batch.Add(new NumberedLog("app-0", i).Envelope(), Render.Doppler, (ulong)i);
                batch.Refuse(0, LossReason.Refused, "no");
                gone += file.Write(batch, "siem", text => text);
                written++;
                Assert.True(new FileInfo(path).Length <= 32 * 1024);
            }
        }

        Assert.True(gone > 0);
        var kept = File.ReadAllLines(path + ".1").Concat(File.ReadAllLines(path)).ToList();
        Assert.Equal(written, kept.Count + gone);
        Assert.Contains("doppler-1/0000000000000abc/1000", kept[^1], StringComparison.Ordinal);
    }
}
