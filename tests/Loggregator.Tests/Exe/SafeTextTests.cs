using CsCheck;
using Loggregator.Terminal;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("plain text, tab\tand ünïcode ✓", "plain text, tab\tand ünïcode ✓")]
    [InlineData("\e[31mred\e[0m", "red")]
    [InlineData("\e]0;title\aafter", "after")]
    [InlineData("\e]8;;http://x\e\\link\e]8;;\e\\", "link")]
    [InlineData("\u009b2Jafter", "after")]
    [InlineData("a\rb\bc\0d\u007f", "a␍b␈c␀d␡")]
    [InlineData("cursor\ec gone\e", "cursor gone␛")]
    [InlineData("user\u202egnp.exe", "user\ufffdgnp.exe")]
    public void Clean_HostileText_ShowsButDoesNothing(string text, string expected) => Assert.Equal(expected, SafeText.Clean(text));

    [Fact]
    public void Clean_AnyText_LeavesNoControlCharacterButTab() => Gen.String.Sample(text =>
        Assert.DoesNotContain(SafeText.Clean("\e[" + text + "\u009d" + text), c => char.IsControl(c) && c != '\t'));

    [Fact]
    public void CleanJson_ControlCharactersInText_AreEscaped() => Assert.Equal("{\"a\":\"x\\u009b\\u007fy\"}", SafeText.CleanJson("{\"a\":\"x\u009b\u007fy\"}"));
}
