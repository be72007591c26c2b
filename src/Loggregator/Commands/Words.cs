using System.CommandLine;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Commands;

/// <summary>A list of free words, where a mistyped option is not taken for one of them.</summary>
internal static class Words
{
    public static Argument<string[]> Argument(string name, string description)
    {
        var argument = new Argument<string[]>(name) { Description = description, HelpName = name, Arity = ArgumentArity.ZeroOrMore };
        argument.Validators.Add(result =>
        {
            foreach (var word in result.Tokens.Select(token => token.Value).Where(word => word.Length > 1 && word[0] == '-'))
            {
                result.AddError(Mistyped(word, (result.Parent as System.CommandLine.Parsing.CommandResult)?.Command));
            }
        });
        return argument;
    }

    /// <summary>What is said of a word that looks like an option of a command, and is none.</summary>
    public static string Mistyped(string word, Command? command) =>
        $"there is no option '{word}'.{(Nearest.To(word, command?.Options.Select(option => option.Name) ?? []) is { } nearest ? $" Did you mean '{nearest}'?" : "")}";
}
