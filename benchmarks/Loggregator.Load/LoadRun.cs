using System.Diagnostics;
using System.Globalization;
using Loggregator.Load.Reporting;
using Loggregator.Load.Sending;
using Loggregator.Load.Wire;

namespace Loggregator.Load;

/// <summary>
/// One run: readers first, probes until they are there, warm-up, the measured window, then the wait for what is still on its way.
/// </summary>
internal sealed class LoadRun(LoadOptions options, string command)
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(30), SampleInterval = TimeSpan.FromMilliseconds(250);
    private readonly uint _run = options.Run != 0 ? options.Run : (uint)Random.Shared.Next(1, int.MaxValue);

    /// <summary>Makes the run.</summary>
    /// <exception cref="LoadException">It could not start.</exception>
    public async Task<LoadReport> RunAsync(CancellationToken cancel)
    {
        var started = DateTimeOffset.UtcNow;
        using var peers = new Peers(options);
        using var pacer = new Pacer();
        var mix = new EnvelopeMix(_run, options);
        var groups = ReaderGroups.Make(options, _run, peers);
        var links = options.Ingress.Length == 0 ? [] : Enumerable.Range(0, options.Connections).Select(i => new SendLink(
            i, options, mix, peers.Dial(options.Ingress[i % options.Ingress.Length], options.IngressName), pacer)).ToList();

        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        List<Task> readers = [.. groups.SelectMany(g => g.Run(reading.Token)).ToList()];
        try
        {
            if (links.Count > 0)
            {
                await OpenAsync(links, groups, cancel);
            }

            var window = new MeasuredWindow(options, links, groups);
            var start = Clock.Now;
            var sending = links.Select(l => Task.Run(() => l.RunAsync(start, start + Nanoseconds(options.Warmup + options.Duration), cancel), cancel)).ToList();
            await window.MeasureAsync(SampleInterval, cancel);
            await Task.WhenAll(sending);
            await Task.WhenAll(links.Select(l => l.CompleteAsync()));
            var sent = SentBySource(links);
            await DrainAsync(groups, sent, cancel);
            return Report(started, mix, links, groups, window, sent);
        }
        finally
        {
            await reading.CancelAsync();
            await Task.WhenAll(readers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // An opened stream says nothing until its first message: probes of every source go round until each group has seen what it should.
    private static async Task OpenAsync(List<SendLink> links, List<ReaderGroup> groups, CancellationToken cancel)
    {
        var deadline = Stopwatch.StartNew();
        await ProbeAsync(links, cancel);
        while (true)
        {
            await Task.Delay(250, cancel);
            if (groups.All(g => g.Ready))
            {
                return;
            }

            if (deadline.Elapsed > ReadyDeadline)
            {
                var missing = groups.First(g => !g.Ready);
                throw new LoadException(
                    $"{groups.Count(g => !g.Ready)} reader groups got no probe within {ReadyDeadline.TotalSeconds} s, the first is {missing.Tally.Name}: {missing.LastError}");
            }

            await ProbeAsync(links[..1], cancel);
        }
    }

    private static async Task ProbeAsync(List<SendLink> links, CancellationToken cancel)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        giveUp.CancelAfter(ReadyDeadline);
        await Task.WhenAll(links.Select(l => l.ProbeAsync(giveUp.Token)));
        if (giveUp.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new LoadException($"The ingress took no probe within {ReadyDeadline.TotalSeconds} s: {links.Select(l => l.LastError).First(e => e.Length > 0)}");
        }
    }

    private async Task DrainAsync(List<ReaderGroup> groups, long[] sent, CancellationToken cancel)
    {
        var waiting = Stopwatch.StartNew();
        while (waiting.Elapsed < options.Drain && !groups.All(g => g.Tally.Total + g.Tally.TotalGaps >= sent.Take(g.Tally.Expected).Sum()))
        {
            await Task.Delay(50, cancel);
        }

        await Task.Delay(200, cancel); // duplicates come last
    }

    private long[] SentBySource(List<SendLink> links)
    {
        var sent = new long[options.Sources];
        foreach (var link in links)
        {
            for (var i = 0; i < sent.Length; i++)
            {
                sent[i] += (long)link.BySource[i];
            }
        }

        return sent;
    }

    private LoadReport Report(
        DateTimeOffset started, EnvelopeMix mix, List<SendLink> links, List<ReaderGroup> groups, MeasuredWindow window, long[] sent)
    {
        List<GroupReport> results = [.. groups.Select(g => Result(g, window, sent))];
        if (results.Count > GroupReport.Crowd && groups.All(g => g.Tail))
        {
            results = [GroupReport.Merge(results, groups.Select(g => g.Tally.Latency))];
        }

        return new LoadReport
        {
            Started = started.ToString("O", CultureInfo.InvariantCulture),
            Machine = $"{Environment.ProcessorCount} CPUs, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, .NET {Environment.Version}",
            Command = command,
            Sent = new SentReport
            {
                Envelopes = sent.Sum() + links.Sum(l => l.Gauges),
                Gauges = links.Sum(l => l.Gauges),
                EnvelopesInWindow = window.Sent,
                WindowSeconds = Math.Round(window.Seconds, 3),
                PerSecond = Math.Round(window.Sent / window.Seconds, 1),
                EnvelopeBytes = mix.Logs.EnvelopeLength,
                Links = links.Count,
                Batch = options.Single ? 1 : options.Batch,
                Sources = options.Sources,
                MaxLagMilliseconds = Math.Round(links.Select(l => l.Lag).DefaultIfEmpty().Max() / 1e6, 3),
                Owed = links.Sum(l => l.Owed),
                Breaks = links.Sum(l => l.Breaks),
            },
            Groups = results,
            Processes = window.Processes,
            Scrapes = window.Scrapes,
            Holds = results.All(r => r.Holds),
        };
    }

    private static GroupReport Result(ReaderGroup group, MeasuredWindow window, long[] sent)
    {
        var tally = group.Tally;
        var (sources, holds) = Account.Of(tally, sent);
        return new GroupReport
        {
            Name = tally.Name,
            Readers = group.Count,
            Received = tally.Total,
            PerSecondInWindow = Math.Round(window.ReceivedBy(tally) / window.Seconds, 1),
            Missing = sent.Take(tally.Expected).Sum() - tally.Total,
            Duplicates = tally.Duplicates.Sum(),
            Late = tally.Late,
            Damaged = tally.Damaged,
            Foreign = tally.Foreign,
            EnvelopesPerMessage = Math.Round(tally.Total / (double)Math.Max(tally.Messages, 1), 1),
            Latency = LatencyReport.Of(tally.Latency),
            Gaps = [.. tally.Gaps.GroupBy(g => (g.Key.Hop, g.Key.Reason, g.Key.UpperBound)).Select(
                g => new GapReport(g.Key.Hop, g.Key.Reason, g.Key.UpperBound, g.Sum(x => x.Value)))],
            Breaks = group.Breaks,
            LastError = group.LastError,
            Holds = holds,
            Sources = [.. sources.OrderBy(source => source.Holds).Take(GroupReport.MaxSources)],
        };
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * 100;
}
