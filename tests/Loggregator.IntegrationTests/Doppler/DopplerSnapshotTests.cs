using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>A Doppler that is stopped as planned leaves its history to the next one; one that crashes leaves nothing.</summary>
public sealed class DopplerSnapshotTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-snapshot-").FullName;

    private string File => Path.Combine(_folder, "snapshot");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Restart_AsPlanned_KeepsLogsAndSeries_OnceOnly()
    {
        await using (var first = await StartAsync())
        {
            await first.SendAsync([.. Enumerable.Range(1, 500).SelectMany(i => new[] { Line(i), Gauge(i) })]);
            await StopAsync(first);
        }

        Assert.True(System.IO.File.Exists(File));
        await using (var second = await StartAsync())
        {
            Assert.False(System.IO.File.Exists(File), "a crash from now on would bring back what is old");
            using (var reader = await AttachClient.ConnectAsync(second))
            {
                Assert.Equal((true, 0), (reader.Hello!.Restored, reader.Hello.LostBefore));
            }

            await second.SendAsync(Line(501), Gauge(501));
            var read = await ReadAsync(second);
            Assert.Equal(Enumerable.Range(1, 501).Select(i => "line " + i), read.Lines);
            Assert.Equal(Enumerable.Range(1, 501).Select(i => (double)i), read.Values);
            await second.AssertConservationAsync();
        }

        // That one was not stopped: it crashed, as far as the next one can tell.
        await using var third = await StartAsync();
        using (var reader = await AttachClient.ConnectAsync(third))
        {
            Assert.True(reader.Hello!.LostBefore > 0, "it does not know that the one before it has crashed");
        }

        var rest = await ReadAsync(third);
        Assert.Empty(rest.Lines);
        Assert.Empty(rest.Values);
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("flipped")]
    [InlineData("foreign")]
    [InlineData("newer")]
    public async Task Start_WithABadSnapshot_IsEmptyAndPutsItAside(string damage)
    {
        await using (var first = await StartAsync())
        {
            await first.SendAsync([.. Enumerable.Range(1, 500).SelectMany(i => new[] { Line(i), Gauge(i) })]);
            await StopAsync(first);
        }

        var bytes = await System.IO.File.ReadAllBytesAsync(File, DopplerHost.Patience);
        switch (damage)
        {
            case "torn":
                bytes = bytes[..^100];
                break;
            case "flipped":
                bytes[bytes.Length / 2] ^= 4;
                break;
            case "newer":
                bytes[7]++;
                break;
            default:
                bytes = "#!/bin/sh"u8.ToArray();
                break;
        }

        await System.IO.File.WriteAllBytesAsync(File, bytes, DopplerHost.Patience);
        await using var second = await StartAsync();
        var read = await ReadAsync(second);
        Assert.Empty(read.Lines);
        Assert.Empty(read.Values);
        Assert.Equal([File + ".refused", File + ".running"], Directory.GetFiles(_folder).Order());
        using (var reader = await AttachClient.ConnectAsync(second))
        {
            Assert.True(reader.Hello!.LostBefore > 0, "it does not know what it has lost");
        }

        await second.SendAsync(Line(1), Gauge(1));
        Assert.Single((await ReadAsync(second)).Lines);
        await second.AssertConservationAsync();
    }

    [Fact]
    public async Task Stop_WithNoPlaceForTheSnapshot_StopsAllTheSame()
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(_folder, "file"), "", DopplerHost.Patience);
        await using var doppler = await DopplerHost.StartAsync(options => options.SnapshotPath = Path.Combine(_folder, "file", "snapshot"));
        await doppler.SendAsync(Line(1));
        await StopAsync(doppler);
        Assert.Equal([Path.Combine(_folder, "file")], Directory.GetFiles(_folder));
    }

    private static Envelope Line(int i) => new()
    {
        SourceId = "app",
        Timestamp = i * 1_000_000_000L,
        Log = new Protocol.V2.Log { Payload = ByteString.CopyFromUtf8("line " + i) },
    };

    private static Envelope Gauge(int i) => new()
    {
        SourceId = "app",
        Timestamp = i * 1_000_000_000L,
        Gauge = new Gauge { Metrics = { ["g"] = new GaugeValue { Value = i } } },
    };

    private static async Task StopAsync(DopplerHost doppler)
    {
        await doppler.AssertConservationAsync();
        await doppler.App.StopAsync(DopplerHost.Patience);
    }

    private static async Task<(string[] Lines, double[] Values)> ReadAsync(DopplerHost doppler)
    {
        var client = new Loggregator.Protocol.Internal.Doppler.DopplerClient(doppler.Channel());
        var logs = client.Read(new ReadRequest { Selectors = { new Selector { Log = new LogSelector() } } }, cancellationToken: DopplerHost.Patience);
        var lines = new List<string>();
        await foreach (var frame in logs.ResponseStream.ReadAllAsync(DopplerHost.Patience))
        {
            lines.AddRange(frame.Batch.Select(envelope => envelope.Log.Payload.ToStringUtf8()));
        }

        var series = client.ReadSeries(new ReadSeriesRequest { End = long.MaxValue }, cancellationToken: DopplerHost.Patience);
        var values = new List<double>();
        await foreach (var frame in series.ResponseStream.ReadAllAsync(DopplerHost.Patience))
        {
            values.AddRange(frame.Series.SelectMany(one => one.Values));
        }

        return ([.. lines], [.. values]);
    }

    private Task<DopplerHost> StartAsync() => DopplerHost.StartAsync(options => options.SnapshotPath = File);
}
