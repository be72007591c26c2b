using System.Text;
using Loggregator.Terminal;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class EnvelopePrinterTests
{
    // 2026-08-22T14:03:07.412Z
    private const string Time = "1787407387412000000";

    [Fact]
    public void Pretty_LinesOfTwoInstances_ShowTimeInstanceAndErrors()
    {
        var printed = Print(OutputFormat.Pretty, Log("web", "0", "hello"), Log("web", "1", "oops", isError: true), Log("job", "", "no instance"));
        Assert.Equal("14:03:07.412 web/0 hello\n14:03:07.412 web/1 ERR oops\n14:03:07.412 job no instance\n", printed);
    }

    [Fact]
    public void Pretty_TagsOfAnApp_MakeTheLabel()
    {
        var printed = Print(OutputFormat.Pretty, Log("9a7f", "2", "x", tags: "\"app_name\":\"app\",\"process_type\":\"web\""));
        Assert.Equal("14:03:07.412 app/web.2 x\n", printed);
    }

    [Fact]
    public void Pretty_MoreThanOneSourceType_ShowsIt()
    {
        var printed = Print(
            OutputFormat.Pretty,
            Log("a", "0", "1", tags: "\"source_type\":\"APP/PROC/WEB\""),
            Log("a", "0", "2", tags: "\"source_type\":\"RTR\""),
            Log("a", "0", "3", tags: "\"source_type\":\"APP/PROC/WEB\""));
        Assert.Equal("14:03:07.412 a/0 1\n14:03:07.412 a/0 RTR 2\n14:03:07.412 a/0 APP 3\n", printed);
    }

    [Fact]
    public void Pretty_OnATerminal_ColoursByInstanceAlone()
    {
        var printed = Print(OutputFormat.Pretty, colour: true, LineFilter.None, Log("web", "0", "a"), Log("web", "1", "b"), Log("web", "0", "c"));
        var colours = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split("38;5;")[1].Split('m')[0]).ToArray();
        Assert.Equal(colours[0], colours[2]);
        Assert.NotEqual(colours[0], colours[1]);
    }

    [Fact]
    public void Cf_OutAndErr_LookAsCfPrintsThem()
    {
        var printed = Print(OutputFormat.Cf, Log("a", "2", "bad", isError: true, tags: "\"source_type\":\"APP/PROC/WEB\""), Log("a", "0", "good"));
        Assert.Equal("2026-08-22T14:03:07.41+0000 [APP/PROC/WEB/2] ERR bad\n2026-08-22T14:03:07.41+0000 [APP/0] OUT good\n", printed);
    }

    [Fact]
    public void Ltc_Line_LooksAsLtcPrintsIt() => Assert.Equal("08/22 14:03:07.41 [APP|2] hello\n", Print(OutputFormat.Ltc, Log("a", "2", "hello")));

    [Fact]
    public void Raw_Line_IsPassedUntouched() => Assert.Equal("\e[31mred\u0007\n", Print(OutputFormat.Raw, Log("a", "0", "\e[31mred\u0007")));

    [Fact]
    public void Json_Envelope_IsOneLine()
    {
        var envelope = Log("a", "0", "x");
        Assert.Equal(envelope + "\n", Print(OutputFormat.Json, envelope));
    }

    [Theory]
    [InlineData("Pretty")]
    [InlineData("Cf")]
    [InlineData("Ltc")]
    public void Text_ControlCharacters_NeverReachTheTerminal(string name)
    {
        var printed = Print(Enum.Parse<OutputFormat>(name), Log("s\\u001b[2J", "\\u001b]0;x\\u0007", "\e[2Jx\rfake", tags: "\"source_type\":\"\\u001b[1mT\""));
        Assert.DoesNotContain(printed, c => char.IsControl(c) && c != '\n');
        Assert.Contains("x␍fake", printed, StringComparison.Ordinal);
    }

    [Fact]
    public void Pretty_SeveralLinesInOneMessage_EachGetThePrefix() =>
        Assert.Equal("14:03:07.412 a/0 one\n14:03:07.412 a/0 two\n", Print(OutputFormat.Pretty, Log("a", "0", "one\ntwo\n")));

    [Theory]
    [InlineData("\"counter\":{\"name\":\"requests\",\"delta\":\"3\",\"total\":\"12\"}", "counter requests +3 (total 12)")]
    [InlineData("\"gauge\":{\"metrics\":{\"cpu\":{\"unit\":\"percent\",\"value\":0.5}}}", "gauge cpu=0.5 percent")]
    [InlineData("\"timer\":{\"name\":\"http\",\"start\":\"1000000\",\"stop\":\"3500000\"}", "timer http 2.5 ms")]
    [InlineData("\"event\":{\"title\":\"crash\",\"body\":\"oom\"}", "event crash: oom")]
    public void Pretty_OtherTypes_AreDescribed(string payload, string expected) =>
        Assert.Equal($"14:03:07.412 a/0 {expected}\n", Print(OutputFormat.Pretty, Envelope("a", "0", payload, "")));

    [Fact]
    public void Filter_IncludeAndExclude_DecideWhatIsPrinted()
    {
        var filter = new LineFilter([LineFilter.Compile("a|b")], [LineFilter.Compile("bad")], []);
        Assert.Equal("14:03:07.412 s/0 a\n14:03:07.412 s/0 b\n", Print(OutputFormat.Pretty, false, filter, Log("s", "0", "a"), Log("s", "0", "bad"), Log("s", "0", "c"), Log("s", "0", "b")));
    }

    private static string Log(string source, string instance, string message, bool isError = false, string tags = "") => Envelope(
        source, instance, $"\"log\":{{\"payload\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(message))}\",\"type\":\"{(isError ? "ERR" : "OUT")}\"}}", tags);

    private static string Envelope(string source, string instance, string payload, string tags) =>
        $"{{\"timestamp\":\"{Time}\",\"source_id\":\"{source}\",\"instance_id\":\"{instance}\",\"deprecated_tags\":{{}},\"tags\":{{{tags}}},{payload}}}";

    private static string Print(OutputFormat format, params string[] envelopes) => Print(format, false, LineFilter.None, envelopes);

    private static string Print(OutputFormat format, bool colour, LineFilter filter, params string[] envelopes)
    {
        var raw = new MemoryStream();
        using var output = new StreamWriter(raw, new UTF8Encoding(false)) { NewLine = "\n" };
        var printer = new EnvelopePrinter(new Screen(output, raw, TextWriter.Null, Stream.Null, colour, false), format, filter, TimeZoneInfo.Utc);
        printer.Print(Encoding.UTF8.GetBytes($"{{\"batch\":[{string.Join(",", envelopes)}]}}"));
        return Encoding.UTF8.GetString(raw.ToArray());
    }
}
