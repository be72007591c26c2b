using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Loggregator.Client;
using Loggregator.Nozzle.Settings;
using Loggregator.Nozzle.Sinks;
using Loggregator.Nozzle.Spool;
using Loggregator.Roles;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>The command line: parses, runs, and turns whatever goes wrong into one message and an exit code.</summary>
internal sealed class CommandLineApp(Screen screen, TimeProvider time)
{
    /// <summary>Runs one command line and returns the exit code.</summary>
    public async Task<int> RunAsync(string[] args)
    {
        var root = Build();
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && !args.Any(arg => arg is "--help" or "-h" || arg.StartsWith("[suggest", StringComparison.Ordinal)))
        {
            return Refuse(root, parsed, args);
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // signals are ours: a drain takes longer than a default would allow
                Output = screen.Out,
                Error = screen.Error,
            });
        }
        catch (Exception e) when (e is CommandFailedException or CredentialsException or SinkException or SpoolException)
        {
            await screen.Error.WriteLineAsync($"loggregator: {e.Message}");
            return ExitCode.Failed;
        }
        catch (IOException e) when (IsClosedPipe(e))
        {
            return ExitCode.Done; // whoever read our output has seen enough
        }
        finally
        {
            try
            {
                await screen.Out.FlushAsync();
            }
            catch (IOException)
            {
                // As above.
            }
        }
    }

    /// <summary>The whole tree of commands.</summary>
    public RootCommand Build()
    {
        var root = new RootCommand("Carries logs and metrics from hosts to whoever reads them: agent, Doppler, Traffic Controller, and the commands to use them.");
        root.Add(DevCommand.Create(screen, time));
        foreach (var role in RoleTable.IngressToEgress)
        {
            root.Add(RoleCommand.Create(role, screen, time));
        }

        root.Add(EmitCommand.Create(screen, time));
        root.Add(RunCommand.Create(screen, time));
        root.Add(TailCommand.Create(screen, time));
        root.Add(FirehoseCommand.Create(screen, time));
        root.Add(SourcesCommand.Create(screen, time));
        root.Add(MetaCommand.Create(screen, time));
        root.Add(QueryCommand.Create(screen, time));
        root.Add(SpoolCommand.Create(screen, time));
        root.Add(CertsCommand.Create(screen, time));
        root.Add(ConfigCommand.Create(screen, time));
        root.Add(PromQlTestCommand.Create(screen, time));
        root.Add(CompletionCommand.Create(screen));
        Examples.AddTo(root);
        return root;
    }

    /// <summary>Whether a write failed because the reader of our output is gone.</summary>
    internal static bool IsClosedPipe(IOException e) => e.Message.Contains("Broken pipe", StringComparison.OrdinalIgnoreCase);

    /// <summary>The names of a command and of those that it belongs to.</summary>
    private static IEnumerable<string> Path(CommandResult? result)
    {
        for (; result is not null; result = result.Parent as CommandResult)
        {
            yield return result.Command is RootCommand ? "loggregator" : result.Command.Name;
        }
    }

    private int Refuse(RootCommand root, ParseResult parsed, string[] args)
    {
        var command = parsed.CommandResult.Command;
        var name = string.Join(' ', Path(parsed.CommandResult).Reverse());
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0 && args.All(arg => !arg.StartsWith('-')))
        {
            // A group without its command: the help is the best answer.
            new HelpAction().Invoke(parsed);
            return args.Length == 0 ? ExitCode.Done : ExitCode.WrongUsage;
        }

        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count > 0)
        {
            var word = parsed.UnmatchedTokens[0];
            var hint = Nearest.To(word, command.Subcommands.Select(c => c.Name)) is { } nearest ? $" Did you mean '{nearest}'?" : "";
            screen.Error.WriteLine($"{name}: there is no command '{word}'.{hint} See '{name} --help'.");
            return ExitCode.WrongUsage;
        }

        foreach (var error in parsed.Errors.Select(e => e.Message).Distinct())
        {
            screen.Error.WriteLine($"{name}: {error}");
        }

        var options = command.Options.Select(o => o.Name).ToList();
        foreach (var word in parsed.UnmatchedTokens.Where(t => t.StartsWith("--", StringComparison.Ordinal)))
        {
            if (Nearest.To(word, options) is { } nearest)
            {
                screen.Error.WriteLine($"Did you mean '{nearest}'?");
            }
        }

        screen.Error.WriteLine($"See '{name} --help'.");
        return ExitCode.WrongUsage;
    }
}
