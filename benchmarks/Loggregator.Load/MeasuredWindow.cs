using System.Diagnostics;
using System.Globalization;
using Loggregator.Load.Accounting;
using Loggregator.Load.Reporting;
using Loggregator.Load.Sending;
using Loggregator.Load.Watching;

namespace Loggregator.Load;

/// <summary>The part of a run that counts: from the end of the warm-up until the last envelope is due.</summary>
internal sealed class MeasuredWindow(LoadOptions options, List<SendLink> links, List<ReaderGroup> groups)
{
    private const double MiB = 1024 * 1024;
    private static readonly NamedTarget Self = new("loggregator-load", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
    private readonly List<ProcessWatch> _watches = [.. options.Pids.Append(Self).Select(p => new ProcessWatch(p))];
    private readonly List<Scrape> _scrapes = [.. options.Scrapes.Select(s => new Scrape(s))];
    private readonly Dictionary<Tally, long> _received = [];

    public double Seconds { get; private set; }

    /// <summary>Envelopes sent in the window.</summary>
    public long Sent { get; private set; }

    public IReadOnlyList<ProcessReport> Processes => [.. _watches.Select(w => new ProcessReport(
        w.Name,
        Math.Round(w.CpuSeconds, 2),
        Math.Round(w.CpuSeconds * 1e6 / Math.Max(Sent, 1), 4),
        Math.Round(w.MaxResidentBytes / MiB, 1),
        Math.Round(w.PeakResidentBytes / MiB, 1)))];

    public IReadOnlyDictionary<string, SortedDictionary<string, double>> Scrapes => _scrapes.ToDictionary(s => s.Name, s => s.Growth);

    public long ReceivedBy(Tally tally) => _received.GetValueOrDefault(tally);

    /// <summary>Lets the warm-up pass, then measures; called when sending starts.</summary>
    public async Task MeasureAsync(TimeSpan sampleInterval, CancellationToken cancel)
    {
        using var http = new HttpClient();
        await Task.Delay(options.Warmup, cancel);
        await Task.WhenAll(_scrapes.Select(s => s.StartAsync(http)));
        var time = Stopwatch.StartNew();
        var from = Clock.Now;
        var sentBefore = links.Sum(l => l.Sent);
        foreach (var group in groups)
        {
            group.Tally.MeasureFrom = from;
            _received[group.Tally] = -group.Tally.Total;
        }

        _watches.ForEach(w => w.Start());
        while (options.Duration - time.Elapsed is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < sampleInterval ? left : sampleInterval, cancel);
            _watches.ForEach(w => w.Sample());
        }

        Seconds = time.Elapsed.TotalSeconds;
        Sent = links.Sum(l => l.Sent) - sentBefore;
        foreach (var group in groups)
        {
            _received[group.Tally] += group.Tally.Total;
        }

        await Task.WhenAll(_scrapes.Select(s => s.EndAsync(http)));
    }
}
