using Loggregator.PromQl.Matching;
using Loggregator.PromQl.Storage;
using Xunit;

namespace Loggregator.Tests.PromQl;

/// <summary>RE2 expressions on .NET's engine, anchored at both ends.</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData("", "", "a")]
    [InlineData("a|b|cd", "cd", "c")]
    [InlineData("foo.*", "foobar", "foo\nbar")]
    [InlineData(".*foo", "barfoo", "foobar")]
    [InlineData("a.*z", "az", "a")]
    [InlineData(".+", "x", "")]
    [InlineData("(?s).+", "\n", "")]
    [InlineData("(?s:.)b.", "\nbc", "\nb\n")]
    [InlineData("a.c", "abc", "a\nc")]
    [InlineData("(?i)straße", "STRAßE", "strasse")]
    [InlineData("(?i)k", "\u212A", "q")]
    [InlineData("(?i:s)s", "ſs", "sſ")]
    [InlineData("(?i)[a-c]x", "BX", "dx")]
    [InlineData("(?i-i:a)b", "ab", "Ab")]
    [InlineData("\\pL+", "aßЖ", "a1")]
    [InlineData("\\PL", "1", "a")]
    [InlineData("\\p{Greek}+", "αβγ", "abc")]
    [InlineData("\\p{^Greek}", "a", "α")]
    [InlineData("[\\p{Lu}\\d]+", "A1Ж", "a")]
    [InlineData("[^\\p{Greek}x]", "y", "x")]
    [InlineData("[[:alpha:]_]+", "a_Z", "a1")]
    [InlineData("[[:^digit:]]", "a", "5")]
    [InlineData("\\Qa.b\\E+", "a.bb", "axb")]
    [InlineData("\\Q*", "*", "")]
    [InlineData("[a\\]]+", "]a", "b")]
    [InlineData("[]a]+", "]a", "b")]
    [InlineData("[a-]", "-", "b")]
    [InlineData("\\x41\\x{1F600}\\101", "A😀A", "A")]
    [InlineData("^a$", "a", "aa")]
    [InlineData("\\Aa\\z", "a", "ba")]
    [InlineData("(?m)a$\\n^b", "a\nb", "ab")]
    [InlineData("\\bfoo\\b bar", "foo bar", "foobar")]
    [InlineData("a{2}", "aa", "a")]
    [InlineData("a{2,}", "aaa", "a")]
    [InlineData("a{1,2}b", "aab", "aaab")]
    [InlineData("a{,2}", "a{,2}", "aa")]
    [InlineData("x{a}", "x{a}", "x")]
    [InlineData("(?P<n>a)(?<m>b)(?:c)", "abc", "ab")]
    [InlineData("(a|)(b*?)c", "ac", "a")]
    [InlineData("\\d\\s\\w\\D\\S\\W", "1 _a!-", "11_a!-")]
    [InlineData("\\w", "a", "ä")]
    [InlineData(".", "😀", "😀😀")]
    [InlineData("..", "😀a", "😀")]
    [InlineData(".+.+", "😀a", "😀")]
    [InlineData("[^a]", "😀", "a")]
    [InlineData("[😀-😂]x", "😁x", "😃x")]
    [InlineData("[\\x{10000}-\\x{10FFFF}]", "\U0010FFFF", "\uFFFF")]
    [InlineData("\\.\\-\\/\\\\", ".-/\\", "a-/\\")]
    public void Pattern_MatchesAsRe2Does(string pattern, string text, string other)
    {
        Assert.True(new LabelMatcher("l", MatchOperator.Regexp, pattern).Matches(text));
        Assert.False(new LabelMatcher("l", MatchOperator.Regexp, pattern).Matches(other));
        Assert.True(new LabelMatcher("l", MatchOperator.NotRegexp, pattern).Matches(other));
        Assert.NotNull(Pattern.Compile(pattern).Expand(text, ""));
        Assert.Null(Pattern.Compile(pattern).Expand(other, ""));
    }

    [Theory]
    [InlineData("(a", "missing closing ): `(a`")]
    [InlineData("a)", "unexpected ): `a)`")]
    [InlineData("[a", "missing closing ]: `[a`")]
    [InlineData("[z-a]", "invalid character class range: `z-a`")]
    [InlineData("[[:nope:]]", "invalid character class range: `[:nope:]`")]
    [InlineData("\\pX", "invalid character class range: `\\pX`")]
    [InlineData("\\p{Klingon}", "invalid character class range: `\\p{Klingon}`")]
    [InlineData("*a", "missing argument to repetition operator: `*`")]
    [InlineData("a|+", "missing argument to repetition operator: `+`")]
    [InlineData("a**", "invalid nested repetition operator: `**`")]
    [InlineData("a*{2}", "invalid nested repetition operator: `*{2}`")]
    [InlineData("a{1001}", "invalid repeat count: `{1001}`")]
    [InlineData("a{2,1}", "invalid repeat count: `{2,1}`")]
    [InlineData("(a{100}){100}", "invalid repeat count: `{100}`")]
    [InlineData("a\\", "trailing backslash at end of expression: ``")]
    [InlineData("\\C", "invalid escape sequence: `\\C`")]
    [InlineData("\\Z", "invalid escape sequence: `\\Z`")]
    [InlineData("(a)\\1", "invalid escape sequence: `\\1`")]
    [InlineData("(?=a)", "invalid or unsupported Perl syntax: `(?=`")]
    [InlineData("(?<=a)", "invalid or unsupported Perl syntax: `(?<`")]
    [InlineData("(?P<1 2>a)", "invalid named capture: `(?P<1 2>`")]
    [InlineData("(?P<n>a)(?P<n>b)", "duplicate capture group name: `n`")]
    [InlineData("(x{900}y){1}(z{1000}){1}(a{1000}|b{1000}|c{1000}|d{1000}|e{1000}|f{1000}|g{1000}|h{1000}|i{1000}|[a-c]{1000}|k{1000}|l{1000}|m{1000}|n{1000}|o{1000}|p{1000}|q{1000}|r{1000}|s{1000})", "expression too large")]
    public void Pattern_ThatIsNone_IsRefused(string pattern, string message)
    {
        var e = Assert.Throws<PatternException>(() => Pattern.Compile(pattern));
        Assert.Equal("error parsing regexp: " + message, e.Message);
    }

    [Fact]
    public void Pattern_NestedTooDeep_IsRefused()
    {
        var e = Assert.Throws<PatternException>(() => Pattern.Compile(new string('(', 100_000) + "a" + new string(')', 100_000)));
        Assert.StartsWith("error parsing regexp: expression nests too deeply", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pattern_ThatWouldExplode_TakesLinearTime()
    {
        var pattern = Pattern.Compile("(a*)*(a|aa)*b");
        Assert.False(pattern.IsMatch(new string('a', 100_000))); // by backtracking this would not end
    }

    [Theory]
    [InlineData("a|b|cd", 3)]
    [InlineData("(?:a|(b))", 2)]
    [InlineData("abc", 1)]
    [InlineData("a.c", -1)]
    [InlineData("a|b.*", -1)]
    public void Literals_OfAnAlternation_AreTold(string pattern, int count) =>
        Assert.Equal(count, new LabelMatcher("l", MatchOperator.Regexp, pattern).Literals?.Count ?? -1);

    [Theory]
    [InlineData("(.)(?P<two>.)", "ab", "$2$1", "ba")]
    [InlineData("(.)(?P<two>.)", "ab", "${two}x$two", "bxb")]
    [InlineData("(.)(?P<two>.)", "ab", "$twox", "")]
    [InlineData("(.)(.)", "ab", "$$1 $0 $3 $ ${1", "$1 ab  $ ${1")]
    [InlineData("(a)|(b)", "b", "[$1$2]", "[b]")]
    [InlineData("(a*?)(a*)", "aa", "$1-$2", "-aa")]
    [InlineData("(?U)(a*)(a*)", "aa", "$1-$2", "-aa")]
    [InlineData("(a|ab)(c|bcd)?(d*)", "abcd", "$1-$2-$3", "a-bcd-")]
    public void Template_IsExpanded(string pattern, string text, string template, string expanded) =>
        Assert.Equal(expanded, Pattern.Compile(pattern).Expand(text, template));
}
