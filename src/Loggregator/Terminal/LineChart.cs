using System.Globalization;
using System.Text;
using Loggregator.PromQl.Storage;

namespace Loggregator.Terminal;

/// <summary>
/// Draws series over time with braille dots: each in its colour, or without colours several as letters, one alone as dots. A NaN and a pause interrupt a line; an
/// infinity is a dot at the edge.
/// </summary>
/// <param name="width">Characters in a line.</param>
/// <param name="height">Lines of the field, without the axis.</param>
/// <param name="colour">Whether there are colours.</param>
/// <param name="zone">In which times are written.</param>
internal sealed class LineChart(int width, int height, bool colour, TimeZoneInfo zone)
{
    /// <summary>Lines that can be told apart: letters of the alphabet.</summary>
    public const int MostLines = 26;

    private static readonly string[] Colours = ["aqua", "yellow", "lime", "fuchsia", "blue", "red", "teal", "olive", "green", "purple", "silver", "maroon"];
    private static readonly int[] Codes = [96, 93, 92, 95, 94, 91, 36, 33, 32, 35, 37, 31]; // the same for a terminal

    /// <summary>How line <paramref name="index"/> of <paramref name="count"/> is marked in a legend, as markup.</summary>
    public static string Mark(int index, int count, bool colour) => colour ? $"[{Colours[index % Colours.Length]}]━━[/] " : count > 1 ? $"{Letter(index)} " : "";

    /// <summary>Draws lines from a time to another, in milliseconds since 1970; samples further than <paramref name="widestGap"/> apart are not joined.</summary>
    public IEnumerable<string> Draw(IReadOnlyList<ReadOnlyMemory<Sample>> lines, long from, long to, long widestGap)
    {
        var finite = lines.SelectMany(line => line.ToArray()).Select(sample => sample.Value).Where(double.IsFinite).DefaultIfEmpty().ToList();
        var scale = new ChartScale(finite.Min(), finite.Max(), Math.Max(2, (height + 2) / 3));
        var ticks = scale.Ticks().GroupBy(tick => Row(scale.Place(tick.Value), height), tick => tick.Text).ToDictionary(row => row.Key, row => row.First());
        var margin = ticks.Values.Max(text => text.Length);
        var columns = Math.Max(24, width - margin - 3);
        var grids = lines.Select(line => Plot(line.Span, new BrailleGrid(columns, height), scale, from, to, widestGap)).ToList();
        for (var row = 0; row < height; row++)
        {
            var tick = ticks.GetValueOrDefault(row);
            yield return $"{(tick ?? "").PadLeft(margin)} {(tick is null ? '│' : '┤')} {Cells(grids, columns, row)}".TrimEnd();
        }

        yield return new string(' ', margin + 1) + "└" + new string('─', columns + 1);
        yield return new string(' ', margin + 3) + TimeAxis(from, to, columns);
    }

    private static char Letter(int index) => (char)('a' + index);

    /// <summary>Which of so many rows, from the top, has a place between 0 and 1.</summary>
    private static int Row(double place, int rows) => (int)Math.Round((1 - place) * (rows - 1));

    private static BrailleGrid Plot(ReadOnlySpan<Sample> samples, BrailleGrid grid, ChartScale scale, long from, long to, long widestGap)
    {
        (int X, int Y, long Time)? last = null;
        foreach (var (time, value) in samples)
        {
            if (time < from || time > to || double.IsNaN(value))
            {
                last = null;
                continue;
            }

            var x = to == from ? 0 : (int)Math.Round((time - from) / (double)(to - from) * (grid.Width - 1));
            if (double.IsInfinity(value))
            {
                grid.Set(x, value > 0 ? 0 : grid.Height - 1);
                last = null;
                continue;
            }

            var y = Row(scale.Place(value), grid.Height);
            if (last is { } before && time - before.Time <= widestGap)
            {
                grid.Line(before.X, before.Y, x, y);
            }

            grid.Set(x, y);
            last = (x, y, time);
        }

        return grid;
    }

    private string Cells(List<BrailleGrid> grids, int columns, int row)
    {
        var text = new StringBuilder(columns);
        var now = -1; // the colour
        for (var column = 0; column < columns; column++)
        {
            var first = grids.FindIndex(grid => grid[column, row] != 0);
            if (first < 0)
            {
                text.Append(' ');
                continue;
            }

            if (!colour && grids.Count > 1)
            {
                text.Append(Letter(first));
                continue;
            }

            if (colour && first % Codes.Length != now)
            {
                now = first % Codes.Length;
                text.Append(CultureInfo.InvariantCulture, $"\e[{Codes[now]}m");
            }

            text.Append((char)(0x2800 | grids.Aggregate(0, (dots, grid) => dots | grid[column, row])));
        }

        return now < 0 ? text.ToString().TrimEnd() : text.ToString().TrimEnd() + "\e[0m";
    }

    private string TimeAxis(long from, long to, int columns)
    {
        var oneDay = Local(from).Date == Local(to).Date;
        string Text(long time) => Local(time).ToString(oneDay ? "HH:mm:ss" : "MM-dd HH:mm", CultureInfo.InvariantCulture);
        if (to == from)
        {
            return Text(from);
        }

        var axis = new StringBuilder().Append(' ', columns);
        foreach (var part in columns < 40 ? (double[])[0, 1] : [0, 0.5, 1])
        {
            var text = Text(from + (long)((to - from) * part));
            var at = Math.Clamp((int)((columns - 1) * part) - (part is 0.5 ? text.Length / 2 : 0), 0, columns - text.Length);
            axis.Remove(at, text.Length).Insert(at, text);
        }

        return axis.ToString().TrimEnd();
    }

    private DateTimeOffset Local(long time) => TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(time), zone);
}
