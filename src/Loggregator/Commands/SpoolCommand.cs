using System.Buffers;
using System.CommandLine;
using System.Text;
using Loggregator.Hosting;
using Loggregator.Nozzle;
using Loggregator.Nozzle.Spool;
using Loggregator.Protocol.Json;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator spool inspect|check|export</c>: looks into the spool of a sink; nothing in it is changed.</summary>
internal static class SpoolCommand
{
    public static Command Create(Screen screen, TimeProvider time) =>
        new("spool", "Looks into the spool of a nozzle's sink, also while the nozzle runs. Changes nothing.")
        {
            CreateInspect(screen, time), CreateCheck(screen, time), CreateExport(screen),
        };

    private static Command CreateInspect(Screen screen, TimeProvider time)
    {
        var folder = Folder();
        var command = new Command("inspect", "Shows what is held and how far it is delivered.") { folder };
        command.SetAction(parsed =>
        {
            new SpoolTable(screen, time).Show(Open(parsed.GetRequiredValue(folder)));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateCheck(Screen screen, TimeProvider time)
    {
        var folder = Folder();
        var command = new Command("check", "Reads every block and verifies its checksum. Exit code 1 when something is damaged.") { folder };
        command.SetAction(parsed => Reading(parsed.GetRequiredValue(folder), spool => new SpoolTable(screen, time).ShowCheck(spool) ? ExitCode.Done : ExitCode.Failed));
        return command;
    }

    private static Command CreateExport(Screen screen)
    {
        var folder = Folder();
        var all = new Option<bool>("--all") { Description = "Also what was delivered and is still there." };
        var command = new Command("export", "Writes the undelivered envelopes that can be read as JSON, one a line, oldest first.") { folder, all };
        command.SetAction(parsed => Reading(parsed.GetRequiredValue(folder), spool =>
        {
            using var signals = new Signals();
            var json = new ArrayBufferWriter<byte>();
            var missing = spool.Export(parsed.GetValue(all), envelope =>
            {
                signals.Stopping.ThrowIfCancellationRequested();
                json.ResetWrittenCount();
                EnvelopeJson.WriteEnvelope(json, envelope);
                screen.Out.Write(SafeText.CleanJson(Encoding.UTF8.GetString(json.WrittenSpan)));
                screen.Out.Write('\n');
            });
            screen.Out.Flush();
            if (missing > 0)
            {
                screen.Error.WriteLine($"{TableText.Count(missing)} undelivered envelopes cannot be read; see 'loggregator spool check'.");
            }

            return missing > 0 ? ExitCode.Failed : ExitCode.Done;
        }));
        return command;
    }

    private static Argument<string> Folder() => new("DIR") { Description = "A sink's folder below that of the nozzle's spools, or the spool in it." };

    private static int Reading(string folder, Func<SpoolFolder, int> read)
    {
        var spool = Open(folder);
        try
        {
            return read(spool);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException io && !CommandLineApp.IsClosedPipe(io)))
        {
            throw new CommandFailedException($"{folder} cannot be read: {e.Message}");
        }
    }

    private static SpoolFolder Open(string folder)
    {
        try
        {
            var inside = Path.Combine(folder, SinkPipe.SpoolFolderName);
            return SpoolFolder.Open(Directory.Exists(inside) ? inside : folder);
        }
        catch (SpoolException e)
        {
            throw new CommandFailedException(e.Message);
        }
    }
}
