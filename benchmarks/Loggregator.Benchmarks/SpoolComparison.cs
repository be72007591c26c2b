using System.Diagnostics;
using System.Globalization;

namespace Loggregator.Benchmarks;

/// <summary>
/// How fast envelopes become durable, and come back: the nozzle's spool, FasterLog, and plain files as the floor. Producers keep a window of frames of
/// 64 KiB under way and wait for each to be durable, as the acknowledging reader of a Doppler does.
/// </summary>
internal static class SpoolComparison
{
    private const int WindowFrames = 96; // 6 MiB under way
    private const int RoundsPerStore = 2;

    /// <summary>Measures in a folder whose disk is the one that matters.</summary>
    public static async Task RunAsync(string folder, TimeSpan each)
    {
        Console.WriteLine($"{"store",-12}{"durable/s",12}{"MB/s",8}{"p50 ms",8}{"p99 ms",8}{"CPU s/M",9}{"read/s",12}{"CPU s/M",9}");
        for (var round = 0; round < RoundsPerStore; round++)
        {
            await MeasureAsync("plain files", folder, path => new PlainStore(path), each);
            await MeasureAsync("spool", folder, path => new SpoolStore(path), each);
            await MeasureAsync("FasterLog", folder, path => new FasterStore(path), each);
        }
    }

    private static async Task MeasureAsync(string name, string folder, Func<string, IBlockStore> open, TimeSpan time)
    {
        var path = Directory.CreateDirectory(Path.Combine(folder, $"spool-comparison-{Environment.ProcessId}")).FullName;
        try
        {
            await using var store = open(path);
            using var block = new SpoolBlock();
            await WriteAsync(store, block, TimeSpan.FromMilliseconds(500), []); // warm
            var latencies = new List<double>(100_000);
            var (cpu, started) = (Cpu(), Stopwatch.GetTimestamp());
            var written = await WriteAsync(store, block, time, latencies);
            var (writeTime, writeCpu) = (Stopwatch.GetElapsedTime(started), Cpu() - cpu);
            (cpu, started) = (Cpu(), Stopwatch.GetTimestamp());
            var read = await store.ReadBackAsync();
            var (readTime, readCpu) = (Stopwatch.GetElapsedTime(started), Cpu() - cpu);
            latencies.Sort();
            var bytes = written / block.Count * block.Buffer.Length;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-12}{written / writeTime.TotalSeconds,12:N0}{bytes / writeTime.TotalSeconds / 1e6,8:N0}{latencies[latencies.Count / 2],8:N1}{latencies[latencies.Count * 99 / 100],8:N1}{writeCpu.TotalSeconds / written * 1e6,9:N3}{read / readTime.TotalSeconds,12:N0}{readCpu.TotalSeconds / read * 1e6,9:N3}"));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static async Task<long> WriteAsync(IBlockStore store, SpoolBlock block, TimeSpan time, List<double> latencies)
    {
        long written = 0;
        var started = Stopwatch.GetTimestamp();
        var producers = Enumerable.Range(0, WindowFrames).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started) < time)
            {
                var sent = Stopwatch.GetTimestamp();
                await store.AppendAsync(block);
                var took = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                lock (latencies)
                {
                    latencies.Add(took);
                }

                Interlocked.Add(ref written, block.Count);
            }
        });
        await Task.WhenAll(producers);
        return written;
    }

    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;
}
