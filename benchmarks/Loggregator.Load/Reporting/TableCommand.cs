using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Loggregator.Load.Reporting;

/// <summary><c>loggregator-load table</c>: the reports of many runs as the rows of one Markdown table.</summary>
internal static class TableCommand
{
    private static readonly Argument<FileInfo[]> Files = new("REPORT") { Description = "files that run --json has written", Arity = ArgumentArity.OneOrMore };

    public static Command Create()
    {
        var command = new Command("table", "Shows reports as a Markdown table.") { Files };
        command.SetAction(async (arguments, cancel) =>
        {
            Console.WriteLine("| scenario | date | sent/s | sent | readers | missing, told | duplicates | p50 / p99 / p99.9 / max ms | CPU s per million | peak MiB | adds up |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
            foreach (var file in arguments.GetValue(Files)!.OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                await using var stream = file.OpenRead();
                var report = await JsonSerializer.DeserializeAsync(stream, ReportJson.Default.LoadReport, cancel);
                Console.WriteLine(Row(Path.GetFileNameWithoutExtension(file.Name), report!));
            }
        });
        return command;
    }

    // Of several groups the worst is shown.
    private static string Row(string name, LoadReport report)
    {
        var groups = report.Groups;
        string[] cells =
        [
            name,
            report.Started[..10],
            Text($"{report.Sent.PerSecond:N0}"),
            Text($"{report.Sent.Envelopes:N0}"),
            Text($"{groups.Sum(g => g.Readers)}"),
            Text($"{Worst(g => g.Missing):N0}, {Worst(g => g.Gaps.Sum(x => x.Count)):N0}"),
            Text($"{Worst(g => g.Duplicates):N0}"),
            Text($"{Worst(g => g.Latency.P50):0.##} / {Worst(g => g.Latency.P99):0.##} / {Worst(g => g.Latency.P999):0.##} / {Worst(g => g.Latency.Max):0.##}"),
            string.Join(", ", report.Processes.Select(p => Text($"{p.Name} {p.CpuSecondsPerMillion:0.00}"))),
            string.Join(", ", report.Processes.Select(p => Text($"{p.Name} {p.PeakResidentMiB:0}"))),
            report.Holds ? "yes" : "NO",
        ];
        return $"| {string.Join(" | ", cells)} |";

        double Worst(Func<GroupReport, double> value) => groups.Select(value).DefaultIfEmpty().Max();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
