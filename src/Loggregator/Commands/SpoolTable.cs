using System.Globalization;
using Loggregator.Nozzle.Spool;
using Loggregator.Terminal;
using Spectre.Console;
using static Loggregator.Terminal.TableText;

namespace Loggregator.Commands;

/// <summary>Shows a spool's segments as a table, and in a last line what they come to.</summary>
internal sealed class SpoolTable(Screen screen, TimeProvider time)
{
    private readonly DateTime _today = time.GetLocalNow().Date;

    /// <summary>What is held and how far it is delivered.</summary>
    public void Show(SpoolFolder spool)
    {
        if (spool.Segments.Count > 0)
        {
            var table = Create("SEGMENT", "BYTES", "SINCE", "FIRST", "LAST", "HELD", "DROPPED");
            foreach (var segment in spool.Segments)
            {
                table.AddRow(
                    Markup.Escape(segment.Name),
                    Size(segment.Bytes),
                    Clock(segment.CreatedAt, _today),
                    Number(segment.Records.From),
                    segment.Records.Count == 0 ? "-" : Number(segment.Records.To - 1),
                    Count(segment.Held),
                    segment.Dropped > 0 ? $"[red]{Count(segment.Dropped)}[/]" : "0");
            }

            Write(screen, table);
            screen.Out.Write('\n');
        }

        var held = spool.Segments.Sum(segment => segment.Held);
        screen.Out.Write($"{Count(spool.Segments.Count)} segments, {Size(spool.Segments.Sum(segment => segment.Bytes))}\n");
        screen.Out.Write(held == 0 ? "nothing to deliver\n" : $"{Count(held)} envelopes to deliver, the oldest stored at most {Age(spool)} ago\n");
        screen.Out.Write(spool.HasMark ? $"delivered: {string.Join(", ", spool.Delivered.Select(Range).Where(text => text.Length > 0).DefaultIfEmpty("nothing"))}\n" : "");
        screen.Out.Flush();
        if (!spool.HasMark)
        {
            screen.Error.WriteLine("There is no read mark that can be read: everything that is held will be delivered, perhaps again.");
        }
    }

    /// <summary>What every block's checksum says; false when something is damaged.</summary>
    public bool ShowCheck(SpoolFolder spool)
    {
        var table = Create("SEGMENT", "BYTES", "BLOCKS", "ENVELOPES", "DAMAGED", "MISSING", "UNFINISHED");
        var (damaged, missing) = (0, 0L);
        foreach (var check in spool.Check())
        {
            damaged += check.DamagedPlaces + (check.HeaderDamaged ? 1 : 0);
            missing += check.Missing;
            table.AddRow(
                Markup.Escape(check.Segment.Name),
                Size(check.Segment.Bytes),
                Count(check.Blocks),
                Count((long)check.Segment.Records.Count - check.Missing),
                Red(check.HeaderDamaged ? $"{check.DamagedPlaces} + header" : Count(check.DamagedPlaces), check.HeaderDamaged || check.DamagedPlaces > 0),
                Red(Count(check.Missing), check.Missing > 0),
                check.UnfinishedBytes == 0 ? "-" : Size(check.UnfinishedBytes));
        }

        Write(screen, table);
        screen.Out.Write('\n');
        screen.Out.Write(damaged + missing == 0 && spool.HasMark ? "no damage\n" : $"{damaged} damaged places, {Count(missing)} envelopes missing\n");
        screen.Out.Flush();
        if (!spool.HasMark)
        {
            screen.Error.WriteLine("The read mark cannot be read: everything that is held will be delivered, perhaps again.");
        }

        return damaged + missing == 0 && spool.HasMark;
    }

    private static string Red(string text, bool red) => red ? $"[red]{text}[/]" : text;

    private static string Number(ulong record) => record.ToString("N0", CultureInfo.InvariantCulture);

    // Numbers begin at 1; what is before them counts as delivered.
    private static string Range(RecordRange range) => range.To <= 1 ? "" : $"{Number(Math.Max(1, range.From))} to {Number(range.To - 1)}";

    private string Age(SpoolFolder spool)
    {
        var since = spool.Segments.First(segment => segment.Held > 0).CreatedAt;
        var age = time.GetUtcNow() - DateTimeOffset.UnixEpoch.AddTicks(since / 100);
        return age.ToString(age.TotalDays >= 1 ? "d'd 'h'h'" : age.TotalHours >= 1 ? "h'h 'm'm'" : "m'm 's's'", CultureInfo.InvariantCulture);
    }
}
