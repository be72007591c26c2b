using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class PromQlTestCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("promqltest");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Scripts_ThatPass_ExitWithZero()
    {
        var one = Script("one.test", "load 1m\n  x 1\n  h {{count:1}}\n\neval instant at 0 x\n  x 1\n\neval instant at 0 h\n  h {{count:1}}\n");
        var ran = await CommandLine.RunAsync("promqltest", one, Script("two.test", "eval instant at 0 1\n  1\n"));
        Assert.Equal((0, $"skipped {one}:8: h (native histograms)\n2 passed, 0 failed, 1 skipped\n"), (ran.ExitCode, ran.Out));
    }

    [Fact]
    public async Task Script_ThatFails_ExitsWithOneAndShowsBothResults()
    {
        var file = Script("bad.test", "load 1m\n  x{a=\"b\"} 1\n\neval instant at 0 x * 2\n  {a=\"b\"} 3\n\neval instant at 0 1\n  1\n");
        var ran = await CommandLine.RunAsync("promqltest", file);
        Assert.Equal(1, ran.ExitCode);
        Assert.Equal($"FAILED {file}:4: x * 2\n  expected: {{a=\"b\"}} 3\n  got:      {{a=\"b\"}} 2\n1 passed, 1 failed, 0 skipped\n", ran.Out);
    }

    [Fact]
    public async Task Script_ThatCannotBeRead_IsToldWithItsPlace()
    {
        var file = Script("bad.test", "\nload x\n");
        var ran = await CommandLine.RunAsync("promqltest", file);
        Assert.Equal((1, $"loggregator: {file}:2: not a valid duration string: \"x\"\n"), (ran.ExitCode, ran.Error));
        Assert.Equal(1, (await CommandLine.RunAsync("promqltest", file + ".none")).ExitCode);
    }

    [Fact]
    public async Task NoScript_IsWrongUsage() => Assert.Equal(2, (await CommandLine.RunAsync("promqltest")).ExitCode);

    private string Script(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
