using System.CommandLine;
using Loggregator.PromQl.Scripts;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator promqltest</c>.</summary>
internal static class PromQlTestCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var files = new Argument<string[]>("FILE") { Description = "Scripts of load and eval commands, in the format of Prometheus' own.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("promqltest", "Runs acceptance scripts against the PromQL engine and reports each evaluation that is not as expected.") { files };
        command.SetAction((parsed, cancel) => RunAsync(screen, time, parsed.GetRequiredValue(files), cancel));
        return command;
    }

    private static async Task<int> RunAsync(Screen screen, TimeProvider time, string[] files, CancellationToken cancel)
    {
        var (passed, failed, skipped) = (0, 0, 0);
        foreach (var file in files)
        {
            var outcome = await RunAsync(time, file, cancel);
            foreach (var (line, expression) in outcome.Skipped)
            {
                await screen.Out.WriteLineAsync($"skipped {file}:{line}: {SafeText.Clean(expression)} (native histograms)");
            }

            foreach (var failure in outcome.Failures)
            {
                await screen.Out.WriteLineAsync($"FAILED {file}:{failure.Line}: {SafeText.Clean(failure.Expression)}{(failure.Form.Length > 0 ? $" ({SafeText.Clean(failure.Form)})" : "")}");
                await screen.Out.WriteLineAsync($"  expected: {Indented(failure.Expected)}\n  got:      {Indented(failure.Got)}");
            }

            passed += outcome.Passed;
            failed += outcome.Failures.Count;
            skipped += outcome.Skipped.Count;
        }

        await screen.Out.WriteLineAsync($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    private static async Task<ScriptOutcome> RunAsync(TimeProvider time, string file, CancellationToken cancel)
    {
        try
        {
            return await new ScriptRunner(time).RunAsync(await File.ReadAllTextAsync(file, cancel), cancel);
        }
        catch (ScriptException e)
        {
            throw new CommandFailedException($"{file}:{e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{file} cannot be read: {e.Message}");
        }
    }

    private static string Indented(string text) => string.Join("\n            ", text.Split('\n').Select(SafeText.Clean));
}
