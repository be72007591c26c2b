using Loggregator.PromQl.Scripts;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.Tests.PromQl;

/// <summary>The acceptance scripts beside this file.</summary>
public sealed class ScriptTests
{
    public static TheoryData<string> Scripts() =>
        [.. Repository.Files("tests/Loggregator.Tests/PromQl/Scripts", "*.test").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_Passes(string name)
    {
        var script = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/Loggregator.Tests/PromQl/Scripts", name), TestContext.Current.CancellationToken);
        var outcome = await new ScriptRunner(TimeProvider.System).RunAsync(script, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        Assert.True(outcome.Passed > 5, "the script has evaluations");
    }

    [Theory]
    [InlineData("eval instant at 1m x\n  x 2", "x 2", "x 1")]
    [InlineData("eval instant at 1m x\n  y 1", "y 1", "x 1")]
    [InlineData("eval instant at 1m x", "nothing", "x 1")]
    [InlineData("eval instant at 1m x\n  x 1\n  y 1", "x 1\ny 1", "x 1")]
    [InlineData("eval instant at 1m 1\n  2", "2", "1")]
    [InlineData("eval instant at 1m vector(1)\n  1", "1", "{} 1")]
    [InlineData("eval_fail instant at 1m x", "an error", "x 1")]
    [InlineData("eval_warn instant at 1m x\n  x 1", "a warning", "none")]
    [InlineData("eval_ordered instant at 1m sort({__name__=~\"x|y\"})\n  y 2\n  x 1", "y 2\nx 1", "x 1\ny 2")]
    [InlineData("eval range from 0 to 1m step 1m x\n  x 1 2", "x 1 2", "x 1@0s 1@60s")]
    [InlineData("eval range from 0 to 1m step 1m x\n  x 1", "x 1", "x 1@0s 1@60s")]
    [InlineData("eval instant at 1m x[1m]\n  expect range vector from 0 to 1m step 1m\n  x 1", "x 1", "x 1@0s 1@60s")]
    [InlineData("eval instant at 1m nope(", "a result", "the error: 1:6: parse error: unclosed left parenthesis")]
    [InlineData("eval_fail instant at 1m 1 +\n  expected_fail_message no", "the error: no", "1:4: parse error: unexpected end of input")]
    public async Task Mismatch_IsAFailure(string evaluation, string expected, string got)
    {
        var outcome = await RunAsync("load 1m\n  x 1x9\n  y 2x9\n\n" + evaluation);
        var failure = Assert.Single(outcome.Failures);
        Assert.Equal((5, expected, got), (failure.Line, failure.Expected, failure.Got));
    }

    [Fact]
    public async Task NativeHistograms_AreSkippedAndListed()
    {
        var outcome = await RunAsync("""
            load 1m
              native {{schema:0 sum:5 count:4 buckets:[1 2 1]}}
              plain 1

            load_with_nhcb 1m
              classic_bucket{le="+Inf"} 1

            eval instant at 0 histogram_count(native)
              {} 4

            eval instant at 0 plain
              plain 1

            eval instant at 0 classic
              classic {{count:1}}

            eval instant at 0 classic_bucket
              classic_bucket{le="+Inf"} 1
            """);
        Assert.Empty(outcome.Failures);
        Assert.Equal(2, outcome.Passed);
        Assert.Equal([(8, "histogram_count(native)"), (14, "classic")], outcome.Skipped);
    }

    [Fact]
    public async Task NativeAmongFloats_SkipsOnlyWhatCannotBeToldWithoutThem()
    {
        var outcome = await RunAsync("""
            load 1m
              mixed{kind="float"} -5 6
              mixed{kind="native"} {{schema:0 sum:5 count:4}}+{{sum:1 count:1}}x1
              mixed{kind="turns"} {{count:1}} 7

            eval instant at 0 abs(mixed)
              {kind="float"} 5

            eval instant at 1m mixed{kind="turns"}
              mixed{kind="turns"} 7

            eval_fail instant at 0 label_replace(mixed, "kind", "", "kind", "(")

            eval instant at 0 count(mixed)
              {} 3

            eval instant at 0 mixed{kind="native"} > 3

            eval instant at 0 mixed{kind="float"}
              mixed{kind="float"} 5
            """);
        Assert.Equal(19, Assert.Single(outcome.Failures).Line);
        Assert.Equal(3, outcome.Passed);
        Assert.Equal([(14, "count(mixed)"), (17, "mixed{kind=\"native\"} > 3")], outcome.Skipped);
    }

    [Theory]
    [InlineData("expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2", 0)]
    [InlineData("expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)", 0)]
    [InlineData("expect warn regex: got [12]", 0)]
    [InlineData("expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 3", 1)]
    [InlineData("expect no_warn", 1)]
    public async Task ExpectedWarning_IsCompared(string line, int failures) =>
        Assert.Equal(failures, (await RunAsync($"load 1m\n  x 1\n\neval instant at 0 quantile(2, x)\n  {line}\n  {{}} Inf")).Failures.Count);

    [Theory]
    [InlineData("evaluate instant at 1m x", "1: 'evaluate instant at 1m x' is no command")]
    [InlineData("\nload 1m\n  x{ 1 2", "3: 'x{ 1 2' is no series")]
    [InlineData("load 1m\n  x 1 two", "2: 'two' is no value of a series")]
    [InlineData("load soon\n  x 1", "1: not a valid duration string: \"soon\"")]
    [InlineData("eval range from 1m to 0 step 1m x", "1: the range must not end before it begins")]
    [InlineData("load 1m\n  x 1x9999999", "2: '1x9999999' makes a series of more than")]
    public async Task Unreadable_IsRefusedWithItsLine(string script, string message)
    {
        var e = await Assert.ThrowsAsync<ScriptException>(() => RunAsync(script));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    private static Task<ScriptOutcome> RunAsync(string script) => new ScriptRunner(TimeProvider.System).RunAsync(script, TestContext.Current.CancellationToken);
}
