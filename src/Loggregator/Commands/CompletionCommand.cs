using System.CommandLine;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator completion bash|zsh|fish</c>: scripts that ask the program itself, so that they never fall behind it.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # bash completion for loggregator
        _loggregator() {
            local line="${COMP_LINE:0:COMP_POINT}" found
            local word="${line##*[[:space:]]}" part="${COMP_WORDS[COMP_CWORD]}"
            [[ "$part" == [:=] ]] && part=""
            local head="${word%"$part"}" # what readline takes for words of their own, before a colon or an equals sign
            line="loggregator${line#"${COMP_WORDS[0]}"}"
            COMPREPLY=()
            while IFS= read -r found; do
                # Quoted, as source ids are whatever a producer says.
                [[ -n "$found" && "$found" == "$word"* ]] && COMPREPLY+=("$(printf %q "${found#"$head"}")")
            done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
        }
        complete -o default -F _loggregator loggregator

        """;

    private const string Zsh = """
        #compdef loggregator
        # zsh completion for loggregator
        _loggregator() {
            local line="loggregator ${(j: :)words[2,CURRENT-1]}"
            (( CURRENT > 2 )) && line+=" "
            line+="$PREFIX"
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            found=("${(@)found:#}")
            if (( ${#found} )); then compadd -- "${found[@]}"; else _files; fi
        }
        if [[ "${funcstack[1]}" == _loggregator ]]; then _loggregator "$@"; else compdef _loggregator loggregator; fi

        """;

    private const string Fish = """
        # fish completion for loggregator
        function __loggregator_complete
            set -l line (commandline -cp)
            set -l found (loggregator "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null | string match -r '.+')
            if set -q found[1]
                printf '%s\n' $found
            else
                __fish_complete_path (commandline -ct)
            end
        end
        complete -c loggregator -f -a '(__loggregator_complete)'

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
