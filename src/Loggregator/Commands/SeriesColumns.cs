using Loggregator.PromQl.Storage;
using Loggregator.Terminal;
using Spectre.Console;

namespace Loggregator.Commands;

/// <summary>How the labels of several series stand in a table: what all share once above it, the others in a column each while they are few.</summary>
internal sealed class SeriesColumns
{
    private const int Most = 6;
    private readonly string[] _names;

    /// <summary>Arranges the labels of <paramref name="series"/>.</summary>
    public SeriesColumns(IReadOnlyList<Series> series)
    {
        Common = Labels.Empty;
        _names = [];
        if (series.Count > 1)
        {
            Common = Labels.Of(series[0].Labels.Pairs.Where(pair => series.All(other => other.Labels[pair.Key] == pair.Value)));
            var names = series.SelectMany(one => one.Labels.Pairs.Select(pair => pair.Key)).Where(name => Common[name].Length == 0).ToHashSet();
            _names = names.Count <= Most ? [.. names.Order(StringComparer.Ordinal)] : [];
        }
    }

    /// <summary>What all have; nothing of one series alone.</summary>
    public Labels Common { get; }

    /// <summary>Above the columns: the labels' names.</summary>
    public IReadOnlyList<string> Headings => _names.Length > 0 ? _names : ["SERIES"];

    /// <summary>What stands in the columns for one of the series.</summary>
    public IEnumerable<string> Cells(Labels labels) =>
        _names.Length > 0 ? _names.Select(name => labels[name]) : [Labels.Of(labels.Pairs.Where(pair => Common[pair.Key].Length == 0)).ToMetricString()];

    /// <summary>Writes what all share, and a table without lines: the labels, and figures beside them.</summary>
    /// <param name="screen">Where to.</param>
    /// <param name="rows">The series shown, each with what stands before its labels, as markup, and its figures.</param>
    /// <param name="figures">The headings of the figures.</param>
    public void Write(Screen screen, IEnumerable<(string Mark, Labels Labels, string[] Figures)> rows, params string[] figures)
    {
        if (Common.Count > 0)
        {
            screen.Out.Write(SafeText.Clean(Common.ToMetricString()) + "\n");
        }

        var table = new Table().Border(TableBorder.None);
        foreach (var heading in Headings)
        {
            table.AddColumn(new TableColumn($"[bold]{Markup.Escape(SafeText.Clean(heading))}[/]").PadRight(2));
        }

        foreach (var heading in figures)
        {
            table.AddColumn(new TableColumn($"[bold]{heading}[/]").RightAligned().PadRight(heading == figures[^1] ? 0 : 2));
        }

        foreach (var row in rows)
        {
            var cells = Cells(row.Labels).Select((cell, i) => (i == 0 ? row.Mark : "") + Markup.Escape(SafeText.Clean(cell)));
            table.AddRow([.. cells, .. row.Figures]);
        }

        TableText.Write(screen, table);
    }
}
