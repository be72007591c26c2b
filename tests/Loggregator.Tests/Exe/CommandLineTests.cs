using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("tial", "tail")]
    [InlineData("sorces", "sources")]
    [InlineData("completoin", "completion")]
    public async Task UnknownCommand_NearAKnownOne_IsSuggestedAndWrongUsage(string word, string meant)
    {
        var ran = await CommandLine.RunAsync(word);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains($"Did you mean '{meant}'?", ran.Error, StringComparison.Ordinal);
        Assert.Empty(ran.Out);
    }

    [Theory]
    [InlineData("tail", "--lnes", "3")]
    [InlineData("tail", "--lines", "-1")]
    [InlineData("tail", "--include", "(")]
    [InlineData("tail", "--type", "logs")]
    [InlineData("tail", "--format", "xml")]
    [InlineData("emit")]
    [InlineData("emit", "--source", "a", "--gauge", "cpu")]
    [InlineData("run", "--source", "a")]
    [InlineData("sources", "--format", "yaml")]
    [InlineData("certs", "issue")]
    public async Task WrongUsage_AnyKind_ExitsWithTwoAndSaysSo(params string[] args)
    {
        var ran = await CommandLine.RunAsync(args);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("--help", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongUsage_OfASubcommand_IsNamedWithItsWholePath()
    {
        var ran = await CommandLine.RunAsync("certs", "issue");
        Assert.Contains("See 'loggregator certs issue --help'.", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("dev")]
    [InlineData("emit")]
    [InlineData("run")]
    [InlineData("tail")]
    [InlineData("firehose")]
    [InlineData("sources")]
    [InlineData("spool")]
    [InlineData("certs")]
    [InlineData("config")]
    [InlineData("completion")]
    public async Task Help_EveryCommand_EndsWithExamples(params string[] command)
    {
        var ran = await CommandLine.RunAsync([.. command, "--help"]);
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("Examples:\n  loggregator", ran.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _loggregator loggregator")]
    [InlineData("zsh", "#compdef loggregator")]
    [InlineData("fish", "complete -c loggregator")]
    public async Task Completion_EveryShell_PrintsAScript(string shell, string line)
    {
        var ran = await CommandLine.RunAsync("completion", shell);
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains(line, ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suggest_BeginningOfACommand_CompletesIt() =>
        Assert.Contains("firehose", (await CommandLine.RunAsync("[suggest:16]", "loggregator fire")).Out, StringComparison.Ordinal);
}
