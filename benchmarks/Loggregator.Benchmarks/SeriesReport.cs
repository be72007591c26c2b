using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Benchmarks;

/// <summary>What series cost: bytes a sample by the kind of value, bytes a series, the time of an append and of reading, and the memory of six hours of many series.</summary>
internal static class SeriesReport
{
    private const long Start = 1_700_000_000_000;
    private const int Interval = 15_000, SamplesPerChunk = 240;

    /// <summary>What an envelope of five metrics costs when its source was long not seen: everything that it touches has to come from memory.</summary>
    public static void RunAppends()
    {
        foreach (var sources in new[] { 1_000, 1_000, 10_000 })
        {
            var benchmarks = new SeriesBenchmarks { Sources = sources };
            benchmarks.Setup();
            Rounds();
            var watch = Stopwatch.StartNew();
            Rounds();
            Console.WriteLine($"append: {watch.Elapsed.TotalNanoseconds / (sources * SamplesPerChunk):F0} ns a gauge of five values, of {sources} sources in turn");

            void Rounds()
            {
                for (var i = 0; i < sources * SamplesPerChunk / Workload.BatchSize; i++)
                {
                    benchmarks.Append();
                }
            }
        }
    }

    public static void Run(int series, int samples)
    {
        foreach (var kind in new[] { "constant", "counter", "integer", "two decimals", "random" })
        {
            var (bytes, pack, unpack) = PackedSample(kind);
            Console.WriteLine($"{kind,-14}{bytes,6:F2} B a sample, its chunk's overhead included, at 15 s ± 5 ms; packed in {pack,4:F0} ns, unpacked in {unpack,4:F0} ns");
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var store = new SeriesStore(new SeriesLimits { Bytes = 2L << 30, MaxSeries = int.MaxValue, MaxSeriesPerSource = int.MaxValue }, TimeProvider.System);
        var batch = new SeriesBatch(store);
        var message = new ArrayBufferWriter<byte>();
        var random = new Random(1);
        var totals = new long[series];
        Stopwatch watch = new(), parse = new();
        List<(int Offset, int Length, EnvelopeHeader Header)> headers = [];
        Round(0);
        Print($"{series} series of one sample", before, store);
        var first = watch.Elapsed;
        for (var sample = 1; sample < samples; sample++)
        {
            Round(sample);
        }

        var elapsed = watch.Elapsed - first;
        Print($"{series} series of {samples} samples", before, store);
        Console.WriteLine($"append: {elapsed.TotalNanoseconds / ((samples - 1.0) * series),6:F0} ns a sample, five to an envelope; of this {parse.Elapsed.TotalNanoseconds / (samples * (double)series):F0} ns to read them");
        Read("the last five minutes of all series", new SeriesQuery { From = Start + ((samples - 20) * (long)Interval), To = long.MaxValue });
        Read("all samples of all series", new SeriesQuery());
        Read("one source's, by id", new SeriesQuery { SourceIds = ["00000000-0000-4000-8000-000000000007"] });
        Read("labels of a fifth, by name", new SeriesQuery { LabelsOnly = true, Names = name => name.AsSpan().SequenceEqual("disk"u8) });

        void Round(int sample)
        {
            message.ResetWrittenCount();
            for (var source = 0; source * 5 < series; source++)
            {
                var at = message.WrittenCount;
                var id = Encoding.UTF8.GetBytes($"00000000-0000-4000-8000-{source:D12}");
                EnvelopeWriter.Gauge(message, (Start + (sample * (long)Interval) + random.Next(-5, 6)) * 1_000_000, id, "0"u8, [.. Enumerable.Range(0, 5).Select(Metric)]);
                foreach (var tag in new[] { "deployment", "job", "index", "ip", "origin" })
                {
                    EnvelopeWriter.Tag(message, Encoding.UTF8.GetBytes(tag), "a-value-of-usual-length"u8);
                }

                RawEnvelope.TryReadHeader(message.WrittenSpan[at..], out var header);
                headers.Add((at, message.WrittenCount - at, header));
                if (message.WrittenCount > 256 * 1024)
                {
                    Append();
                }

                GaugeMetric Metric(int metric)
                {
                    var value = totals[(source * 5) + metric] += random.Next(100);
                    return new GaugeMetric(Names[metric], value, "bytes");
                }
            }

            Append();
        }

        void Append()
        {
            watch.Start();
            parse.Start();
            foreach (var (at, length, header) in headers)
            {
                batch.Add(message.WrittenSpan, at, length, header);
            }

            parse.Stop();
            batch.AppendTo(message.WrittenSpan);
            watch.Stop();
            headers.Clear();
            message.ResetWrittenCount();
        }

        void Read(string what, SeriesQuery query)
        {
            var reading = Stopwatch.StartNew();
            var cursor = new SeriesCursor(store, query);
            long found = 0, read = 0;
            while (cursor.MoveNext())
            {
                found++;
                read += cursor.Samples.Length;
            }

            Console.WriteLine($"read {what}: {found} series, {read} samples in {reading.Elapsed.TotalMilliseconds:F0} ms");
        }
    }

    private static readonly string[] Names = ["cpu", "memory", "disk", "memory_quota", "disk_quota"];

    private static void Print(string what, long before, SeriesStore store)
    {
        var heap = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: charged {store.Used / 1048576.0:F1} MiB = {store.Used / (double)store.Count:F0} B a series, {store.Used / (double)store.Counters.Held:F2} B a sample; the heap has {heap / 1048576.0:F1} MiB"));
    }

    private static (double Bytes, double PackNanoseconds, double UnpackNanoseconds) PackedSample(string kind)
    {
        var random = new Random(1);
        var (bytes, total) = (0L, 0.0);
        var packed = new byte[SampleChunk.MaxLength];
        var samples = new Sample[SamplesPerChunk];
        Stopwatch pack = new(), unpack = new();
        const int Chunks = 5000;
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            for (var i = 0; i < samples.Length; i++)
            {
                total += random.Next(100);
                samples[i] = new Sample(Start + (((chunk * samples.Length) + i) * (long)Interval) + random.Next(-5, 6), kind switch
                {
                    "constant" => 42.5,
                    "counter" => total,
                    "integer" => random.Next(100),
                    "two decimals" => Math.Round(random.NextDouble() * 100, 2),
                    _ => random.NextDouble(),
                });
            }

            pack.Start();
            var length = SampleChunk.Write(packed, samples);
            pack.Stop();
            unpack.Start();
            SampleChunk.Read(packed.AsSpan(0, length), samples);
            unpack.Stop();
            bytes += SeriesMemory.OfChunk(length);
        }

        var all = (double)(Chunks * samples.Length);
        return (bytes / all, pack.Elapsed.TotalNanoseconds / all, unpack.Elapsed.TotalNanoseconds / all);
    }
}
