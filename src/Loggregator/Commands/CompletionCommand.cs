using System.CommandLine;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator completion bash|zsh|fish</c>: scripts that ask the program itself, so that they never fall behind it.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # bash completion for loggregator
        _loggregator() {
            local word="${COMP_WORDS[COMP_CWORD]}" IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
        }
        complete -o default -F _loggregator loggregator

        """;

    private const string Zsh = """
        #compdef loggregator
        # zsh completion for loggregator
        _loggregator() {
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            [[ -n "${found[*]}" ]] && compadd -- "${found[@]}" || _files
        }
        compdef _loggregator loggregator

        """;

    private const string Fish = """
        # fish completion for loggregator
        complete -c loggregator -f -a '(loggregator "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'

        """;

    public static Command Create(Screen screen) => new("completion", "Prints a completion script for a shell.")
    {
        CreateOne(screen, "bash", Bash), CreateOne(screen, "zsh", Zsh), CreateOne(screen, "fish", Fish),
    };

    private static Command CreateOne(Screen screen, string shell, string script)
    {
        var command = new Command(shell, $"For {shell}.");
        command.SetAction(_ => screen.Out.Write(script));
        return command;
    }
}
