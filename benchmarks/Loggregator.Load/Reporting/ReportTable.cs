using System.Globalization;
using Spectre.Console;

namespace Loggregator.Load.Reporting;

/// <summary>Shows a report to a person.</summary>
internal static class ReportTable
{
    private const int MostSources = 10;

    public static void Write(LoadReport report, IAnsiConsole console)
    {
        var sent = report.Sent;
        console.WriteLine(Text(
            $"sent {sent.Envelopes:N0} of {sent.EnvelopeBytes} bytes, {sent.Gauges:N0} of them gauges, {sent.PerSecond:N0}/s in the window of {sent.WindowSeconds:0.#} s, lag at most {sent.MaxLagMilliseconds:0.###} ms, owed {sent.Owed:N0}, breaks {sent.Breaks}"));

        var readers = new Table().AddColumns("readers", "received", "/s", "missing", "told", "twice", "late", "damaged", "p50 ms", "p99", "p99.9", "max", "adds up");
        foreach (var g in report.Groups)
        {
            readers.AddRow(
                Text($"{g.Name} ({g.Readers})"), Text($"{g.Received:N0}"), Text($"{g.PerSecondInWindow:N0}"), Text($"{g.Missing:N0}"),
                Text($"{g.Gaps.Sum(x => x.Count):N0}"), Text($"{g.Duplicates:N0}"), Text($"{g.Late:N0}"), Text($"{g.Damaged:N0}"),
                Text($"{g.Latency.P50:0.###}"), Text($"{g.Latency.P99:0.###}"), Text($"{g.Latency.P999:0.###}"), Text($"{g.Latency.Max:0.###}"),
                g.Holds ? "yes" : "NO");
        }

        console.Write(readers);
        foreach (var group in report.Groups)
        {
            WriteLosses(group, console);
        }

        var processes = new Table().AddColumns("process", "CPU s", "CPU s/million", "max RSS MiB", "peak RSS MiB");
        foreach (var p in report.Processes)
        {
            processes.AddRow(
                Markup.Escape(p.Name), Text($"{p.CpuSeconds:0.00}"), Text($"{p.CpuSecondsPerMillion:0.000}"), Text($"{p.MaxResidentMiB:0.0}"), Text($"{p.PeakResidentMiB:0.0}"));
        }

        console.Write(processes);
        foreach (var (page, series) in report.Scrapes)
        {
            foreach (var (name, growth) in series)
            {
                console.WriteLine(Text($"{page} {name} +{growth:0.###}"));
            }
        }
    }

    private static void WriteLosses(GroupReport group, IAnsiConsole console)
    {
        foreach (var gap in group.Gaps)
        {
            console.WriteLine(Text($"{group.Name}: told of {gap.Count:N0} lost at {gap.Hop}, {gap.Reason}{(gap.UpperBound ? " (at most)" : "")}"));
        }

        foreach (var source in group.Sources.Where(s => !s.Holds).Take(MostSources))
        {
            console.WriteLine(Text($"{group.Name}: source {source.Source}: sent {source.Sent:N0}, received {source.Received:N0}, told {source.Gaps.Values.Sum():N0}"));
        }

        if (group.Breaks > 0)
        {
            console.WriteLine(Text($"{group.Name}: {group.Breaks} breaks, the last: {group.LastError}"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
