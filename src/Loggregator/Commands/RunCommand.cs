using System.Buffers;
using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Loggregator.Client;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator run</c>: runs a program, ships what it writes, and ends as it ends.</summary>
internal static class RunCommand
{
    private const int NotFound = 127;
    private const int SigTerm = 15;
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(5);

    public static Command Create(Screen screen, TimeProvider time)
    {
        var program = new Argument<string[]>("COMMAND") { Description = "The program and its arguments, behind --.", Arity = ArgumentArity.OneOrMore };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Do not print what it writes." };
        var command = new Command("run", "Runs a program and ships its stdout and stderr; its exit code is passed on. The program never waits for the agent.")
        {
            program, quiet,
        };
        var producer = new ProducerOptions(command);
        command.SetAction(async parsed =>
        {
            await using var emitter = producer.Emitter(parsed, time, WhenFull.DropNewest, TimeSpan.FromMinutes(1));
            var words = parsed.GetRequiredValue(program);
            using var child = Start(words);
            if (child is null)
            {
                await screen.Error.WriteLineAsync($"loggregator: there is no program '{words[0]}' that this user can run.");
                return NotFound;
            }

            // From a terminal the child gets Ctrl-C itself; we live on to ship its last words. SIGTERM is for us alone, so it is handed on.
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                _ = Kill(child.Id, SigTerm);
            });
            var echo = !parsed.GetValue(quiet);
            await using var ownError = Console.OpenStandardError();
            await Task.WhenAll(
                ShipAsync(child.StandardOutput.BaseStream, echo ? screen.RawOut : null, emitter, false),
                ShipAsync(child.StandardError.BaseStream, echo ? ownError : null, emitter, true));
            await child.WaitForExitAsync(CancellationToken.None);

            using var deadline = new CancellationTokenSource(FlushDeadline, time);
            await emitter.CompleteAsync(deadline.Token);
            ProducerOptions.Report(screen, emitter, producer.Agent(parsed));
            return child.ExitCode;
        });
        return command;
    }

    private static Process? Start(string[] words)
    {
        var start = new ProcessStartInfo(words[0]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static Task ShipAsync(Stream output, Stream? echo, Emitter emitter, bool isError) => LineReader.ReadAsync(
        output,
        echo is null ? null : bytes => EchoAsync(echo, bytes),
        line =>
        {
            emitter.LogBytes(line.Span, isError); // full: dropped and counted, the program goes on
            return ValueTask.CompletedTask;
        },
        CancellationToken.None);

    private static async ValueTask EchoAsync(Stream echo, ReadOnlySequence<byte> bytes)
    {
        try
        {
            foreach (var segment in bytes)
            {
                await echo.WriteAsync(segment);
            }

            await echo.FlushAsync();
        }
        catch (IOException)
        {
            // Whoever read our output is gone; the lines still go to the agent.
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Kill(int process, int signal);
}
