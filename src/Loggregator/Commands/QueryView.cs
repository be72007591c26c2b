using System.Globalization;
using Loggregator.PromQl.Syntax;
using Loggregator.Terminal;
using Spectre.Console;

namespace Loggregator.Commands;

/// <summary>Shows the answers to one query, in the form that was asked for: one, or one after another; on a terminal each in the place of the last.</summary>
/// <param name="screen">Where to.</param>
/// <param name="time">For the title's time of day.</param>
/// <param name="request">What is asked.</param>
/// <param name="format">One of <see cref="Formats"/>.</param>
/// <param name="most">Series shown at most; null for as many as can be told apart, or fit.</param>
internal sealed class QueryView(Screen screen, TimeProvider time, QueryRequest request, string format, int? most)
{
    public const string Table = "table", Json = "json", Csv = "csv";

    /// <summary>Series shown when nothing is said: of an instant, and of a range.</summary>
    public const int UsualRows = 100, UsualLines = 10;

    private const int UsualHeight = 12; // of a chart's field
    private const int OtherLines = 5; // of a table: title, common labels, headings, what is left out, the cursor's
    private const int ChartLines = 4; // beside the field: axis, times, a blank line, the range

    private readonly QueryCsv _csv = new(screen);
    private string _notices = "";

    public static string[] Formats { get; } = [Table, Json, Csv];

    /// <summary>Writes one answer.</summary>
    public void Show(QueryAnswer answer, DateTimeOffset now)
    {
        switch (format)
        {
            case Json:
                screen.Out.Write(SafeText.CleanJson(answer.Json) + "\n");
                break;
            case Csv:
                _csv.Write(answer.Result, now);
                break;
            default:
                ShowTable(answer, now, most ?? (answer.Result.Kind == ValueKind.Matrix ? UsualLines : UsualRows), UsualHeight);
                break;
        }

        screen.Out.Flush();
        Notice(answer);
    }

    /// <summary>Writes one of a row of answers.</summary>
    /// <param name="answer">It.</param>
    /// <param name="now">When it was asked for.</param>
    /// <param name="url">Of whom.</param>
    public void ShowNext(QueryAnswer answer, DateTimeOffset now, string url)
    {
        if (format != Table)
        {
            Show(answer, now);
            return;
        }

        var clock = TimeZoneInfo.ConvertTime(now, time.LocalTimeZone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var title = $"{clock}  {SafeText.Clean(request.Expression)}";
        if (screen.Colour)
        {
            var lines = Math.Max(1, AnsiConsole.Profile.Height - OtherLines);
            var height = Math.Clamp((lines - ChartLines) / 2, 4, 2 * UsualHeight);
            var fitting = Math.Max(1, answer.Result.Kind == ValueKind.Matrix ? lines - height - ChartLines : lines);
            var shown = title.Length > AnsiConsole.Profile.Width ? title[..(AnsiConsole.Profile.Width - 1)] + "…" : title;
            screen.Out.Write($"\e[H\e[J{shown}\n");
            ShowTable(answer, now, Math.Min(fitting, most ?? fitting), height);
            screen.Out.Write($"\e[2m{url}, Ctrl-C ends\e[0m\n");
            _notices = ""; // the screen is wiped, so they are told again
        }
        else
        {
            screen.Out.Write(title + "\n");
            ShowTable(answer, now, most ?? (answer.Result.Kind == ValueKind.Matrix ? UsualLines : UsualRows), UsualHeight);
            screen.Out.Write("\n");
        }

        screen.Out.Flush();
        Notice(answer);
    }

    private void ShowTable(QueryAnswer answer, DateTimeOffset now, int rows, int height)
    {
        (DateTimeOffset, DateTimeOffset)? asked = request.Range is { } range ? (request.End(now) - range, request.End(now)) : null;
        new QueryTable(screen, time).Show(answer.Result, rows, asked is null ? null : request.Step, height, asked);
    }

    /// <summary>Tells what the server remarks, once while it remarks the same.</summary>
    private void Notice(QueryAnswer answer)
    {
        var notices = answer.Result.Annotations.Select(annotation => SafeText.Clean(annotation.Text)).ToList();
        if (string.Join('\n', notices) is var all && all != _notices)
        {
            notices.ForEach(screen.Notice);
            _notices = all;
        }
    }
}
