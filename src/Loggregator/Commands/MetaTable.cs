using System.Globalization;
using Loggregator.Terminal;
using Spectre.Console;

namespace Loggregator.Commands;

/// <summary>Shows what a log-cache holds, in the columns of its plugin.</summary>
internal sealed class MetaTable(Screen screen)
{
    public const string AllTypes = "all", Platform = "platform", Unknown = "unknown";

    public static readonly string[] SortKeys = ["source-id", "source", "source-type", "count", "expired", "cache-duration", "rate"];

    /// <summary>Writes the rows of a type in an order.</summary>
    public void Show(IReadOnlyCollection<MetaRow> rows, string type, string sortBy, bool withRate, bool idsOnly)
    {
        var table = new Table().Border(TableBorder.None).AddColumn(idsOnly ? "[bold]Source ID[/]" : "[bold]Source[/]");
        if (!idsOnly)
        {
            table.AddColumn(new TableColumn("[bold]Source Type[/]").PadLeft(2));
        }

        foreach (var heading in (string[])["Count", "Expired", "Cache Duration", .. withRate ? (string[])["Rate/minute"] : []])
        {
            table.AddColumn(new TableColumn($"[bold]{heading}[/]").RightAligned().PadLeft(2));
        }

        foreach (var row in Sorted(rows.Where(row => type == AllTypes || row.Type == type), sortBy))
        {
            string[] figures = [Figure(row.Count), Figure(row.Expired), MetaRow.Text(row.Duration), .. withRate ? (string[])[Figure(row.Rate)] : []];
            table.AddRow([Markup.Escape(SafeText.Clean(row.SourceId)), .. idsOnly ? (string[])[] : [row.Type], .. figures]);
        }

        TableText.Write(screen, table);
    }

    // By id where equal. What a GUID stands for is not known, so by source and by type these come last.
    private static IOrderedEnumerable<MetaRow> Sorted(IEnumerable<MetaRow> rows, string sortBy)
    {
        var byId = rows.OrderBy(row => row.SourceId, StringComparer.Ordinal);
        return sortBy switch
        {
            "source-id" => byId,
            "count" => byId.OrderBy(row => row.Count),
            "expired" => byId.OrderBy(row => row.Expired),
            "cache-duration" => byId.OrderBy(row => row.Duration),
            "rate" => byId.OrderBy(row => row.Rate),
            _ => byId.OrderBy(row => row.Type, StringComparer.Ordinal), // platform, unknown
        };
    }

    private static string Figure(long value) => value.ToString(CultureInfo.InvariantCulture);
}
