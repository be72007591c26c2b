using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Loggregator.Doppler;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Benchmarks;

/// <summary>
/// What an envelope takes in the log beside its bytes, over the whole process: a full log of lines of so many bytes from 10,000 sources, and what
/// it takes to save and load it. As it came, and with its older part packed.
/// </summary>
public static class LogMemory
{
    /// <summary>The word for a log whose older part is packed.</summary>
    public const string Packed = "packed";

    private const int Sources = 10_000, BatchSize = 100;

    /// <summary>Runs either in a process of its own.</summary>
    public static async Task RunBothAsync(int megabytes, int lineBytes)
    {
        foreach (var form in new[] { "plain", Packed })
        {
            Console.WriteLine($"{form}:");
            using var process = Process.Start(Environment.ProcessPath!, string.Create(CultureInfo.InvariantCulture, $"log-memory {megabytes} {lineBytes} {form}"));
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Fills a log of that budget a half more than once, four times more when it is packed, and tells what the process takes.</summary>
    public static void Run(long budget, int lineBytes, bool packed, TextWriter output)
    {
        var before = Resident();
        var allocated = GC.GetTotalAllocatedBytes();
        var log = new EnvelopeLog(budget, TimeProvider.System);
        using var packer = packed ? new SegmentPacker(log, new ZstdRecords()) : null;
        var packing = new Stopwatch();
        var envelopes = Fill(log, packed ? budget * 4 : budget * 3 / 2, lineBytes, () => Pack(packer, packing), out var watch);
        GC.Collect();
        var usages = Enum.GetValues<EnvelopeClass>().Select(log.Usage).ToArray();
        var (held, bytes) = (usages.Sum(usage => usage.HeldEnvelopes), usages.Sum(usage => usage.HeldBytes));
        var after = Resident();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{envelopes} envelopes appended in {watch.Elapsed.TotalSeconds:f1} s; {held} held, {bytes} bytes, {bytes / held} each"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"log:     {log.Used} of {log.Budget} bytes, {(double)(log.Used - bytes) / held:f1} an envelope beside its bytes"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"process: {after - before} bytes more than before, {(double)(after - before - bytes) / held:f1} an envelope beside its bytes; {after} in all, {(double)(after - bytes) / held:f1}"));
        if (packed)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"packed:  {log.OriginalBytes} bytes in {log.PackedBytes}, {(double)log.OriginalBytes / log.PackedBytes:f2} to 1; {envelopes} appended while {packing.Elapsed.TotalSeconds:f1} s were spent packing"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"GC heap: {GC.GetTotalMemory(false)} bytes, committed {GC.GetGCMemoryInfo().TotalCommittedBytes}, allocated {GC.GetTotalAllocatedBytes() - allocated}, collections {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)}"));
        SaveAndLoad(log, budget, output);
    }

    private static void SaveAndLoad(EnvelopeLog log, long budget, TextWriter output)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var watch = Stopwatch.StartNew();
            using (var file = File.Create(path))
            {
                log.Save(file, budget);
                file.Flush(flushToDisk: true);
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"saved:   {new FileInfo(path).Length} bytes in {watch.Elapsed.TotalSeconds:f2} s"));
            var loaded = new EnvelopeLog(budget, TimeProvider.System);
            watch.Restart();
            using var saved = File.OpenRead(path);
            var held = loaded.Load(saved);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loaded:  {held} envelopes in {watch.Elapsed.TotalSeconds:f2} s"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Pack(SegmentPacker? packer, Stopwatch packing)
    {
        packing.Start();
        while (packer?.PackNext() == true)
        {
        }

        packing.Stop();
    }

    private static long Fill(EnvelopeLog log, long bytes, int lineBytes, Action pack, out Stopwatch watch)
    {
        var random = new Random(1);
        var messages = Enumerable.Range(0, 1000).Select(_ => Message(random, lineBytes)).ToArray();
        var batch = new AppendBatch(log);
        watch = Stopwatch.StartNew();
        long appended = 0;
        for (var next = 0; bytes > 0; next = (next + 1) % messages.Length)
        {
            var message = messages[next];
            var records = new RecordReader(message);
            while (records.MoveNext())
            {
                RawEnvelope.TryReadHeader(records.Current, out var header);
                batch.AddRecord(message, records.RecordOffset, records.RecordLength, records.Current.Length, header);
            }

            appended += batch.Count;
            log.Append(message, batch);
            batch.Clear();
            bytes -= message.Length;
            watch.Stop();
            pack();
            watch.Start();
        }

        watch.Stop();
        return appended;
    }

    private static byte[] Message(Random random, int lineBytes)
    {
        using var message = MessageBuffer.Rent(0);
        var writer = new ArrayBufferWriter<byte>();
        var words = Enumerable.Range(0, 200).Select(word => "w" + (word * 7919).ToString("x", CultureInfo.InvariantCulture)).ToArray();
        for (var row = 0; row < BatchSize; row++)
        {
            var text = string.Join(' ', Enumerable.Range(0, 64).Select(_ => words[random.Next(words.Length)]))[..lineBytes];
            var source = Workload.SourceId(random.Next(Sources));
            if (row % 2 == 0)
            {
                EnvelopeWriter.Log(writer, 1_795_415_220_000_000_000 + row, source, "0"u8, System.Text.Encoding.ASCII.GetBytes(text));
            }
            else
            {
                EnvelopeWriter.Gauge(writer, 1_795_415_220_000_000_000 + row, source, "0"u8, [.. Gauges.Select(name => new GaugeMetric(name, random.Next(1000), "bytes"))]);
            }

            Records.Append(message, writer.WrittenSpan);
            writer.ResetWrittenCount();
        }

        return message.Span.ToArray();
    }

    private static readonly string[] Gauges = ["cpu", "memory", "disk", "memory_quota", "disk_quota"];

    private static long Resident()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
