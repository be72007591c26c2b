using System.Globalization;
using System.Text.Json;
using Loggregator.Commands;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class QueryViewTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_787_407_260); // 2026-08-22T14:01:00Z

    private readonly Shown _shown = new();

    public void Dispose() => _shown.Dispose();

    [Fact]
    public void Vector_OneSeries_IsWrittenWhole()
    {
        Show(Vector(("__name__=up,job=a b,x=\"q\"", "0.30000000000000004")));
        Assert.Equal("SERIES                    VALUE\nup{job=\"a b\", x=\"\\\"q\\\"\"}    0.3\n", _shown.Out);
    }

    [Fact]
    public void Vector_SeveralSeries_HaveColumnsForWhatDiffersInTheOrderOfTheAnswer()
    {
        Show(Vector(
            ("__name__=cpu,instance=2,source_id=web", "12.5"),
            ("__name__=cpu,instance=10,source_id=web,zone=[b]", "-1234567.891"),
            ("__name__=cpu,instance=1,source_id=web", "+Inf")));
        Assert.Equal(
            """
            cpu{source_id="web"}
            instance  zone     VALUE
            2                   12.5
            10        [b]   -1234568
            1                   +Inf

            """,
            _shown.Out);
    }

    [Fact]
    public void Vector_ManyLabels_AreSeriesInOneColumn()
    {
        Show(Vector(("a=1,b=1,c=1,d=1,e=1,f=1,g=1,z=0", "1"), ("a=2,b=2,c=2,d=2,e=2,f=2,g=2,z=0", "NaN")));
        Assert.Equal(
            """
            {z="0"}
            SERIES                                             VALUE
            {a="1", b="1", c="1", d="1", e="1", f="1", g="1"}      1
            {a="2", b="2", c="2", d="2", e="2", f="2", g="2"}    NaN

            """,
            _shown.Out);
    }

    [Fact]
    public void Vector_MoreThanLines_TellsHowMany()
    {
        Show(Vector([.. Enumerable.Range(0, 1_203).Select(i => ($"i={i:0000}", "1"))]), most: 2);
        Assert.Equal("i     VALUE\n0000      1\n0001      1\n… and 1,201 more series; --lines says how many are shown\n", _shown.Out);
    }

    [Fact]
    public void Labels_OfWhoeverSends_AreHarmless()
    {
        Show(Vector(("job=\\u001b[2Jx", "1"), ("job=[red]y", "2")));
        Assert.Equal("job     VALUE\nx           1\n[red]y      2\n", _shown.Out);
    }

    [Theory]
    [InlineData("""{"resultType":"scalar","result":[1787407260,"2.5"]}""", "2.5\n", "")]
    [InlineData("""{"resultType":"string","result":[1787407260,"a\u001b[2Jb"]}""", "ab\n", "")]
    [InlineData("""{"resultType":"vector","result":[]}""", "", "No series has a value there.\n")]
    [InlineData("""{"resultType":"matrix","result":[]}""", "", "No series has a value there.\n")]
    public void OtherAnswers_AreTold(string data, string output, string error)
    {
        Show(data);
        Assert.Equal((output, error), (_shown.Out, _shown.Error));
    }

    [Fact]
    public void Range_IsAChartAndATable()
    {
        Show(Matrix(("job=a", Enumerable.Range(0, 5).Select(i => (i * 15, i.ToString(CultureInfo.InvariantCulture)))), ("job=b", [(0, "4"), (30, "NaN"), (60, "1")])), range: 60);
        Assert.Equal(
            """
            4 ┤ b                                                                     aaaaaa
              │                                                                 aaaaaa
              │                                                          aaaaaaa
              │                                                    aaaaaaa
              │                                              aaaaaaa
              │                                        aaaaaa
            2 ┤                                 aaaaaaa
              │                          aaaaaaa
              │                   aaaaaaaa                                                 b
              │             aaaaaaa
              │       aaaaaa
            0 ┤ aaaaaa
              └─────────────────────────────────────────────────────────────────────────────
                14:00:00                         14:00:30                           14:01:00

            job  LAST  MIN  MAX  AVG
            a a     4    0    4    2
            b b     1    1    4  2.5
            1m every 15s

            """,
            _shown.Out);
    }

    [Fact]
    public void RangeVector_IsShownAsItsSamplesCame()
    {
        Show(Matrix(("__name__=x", [(0, "1"), (7, "2")])));
        Assert.EndsWith("\n\nSERIES  LAST  MIN  MAX  AVG\nx          2    1    2  1.5\n", _shown.Out, StringComparison.Ordinal);
        Assert.Contains("14:00:00", _shown.Out, StringComparison.Ordinal);
        Assert.Contains("14:00:07", _shown.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_HasTimeValueAndAColumnPerLabel()
    {
        var view = View(QueryView.Csv);
        view.Show(Answer(Matrix(("__name__=x,job=a\\\"b", [(0, "0.1"), (15, "+Inf")]), ("__name__=x,zone=n\\u001b[2J", [(0, "1e+21")]))), Now);
        view.Show(Answer(Vector(("__name__=x,job=c,zone=d", "7"))), Now);
        view.Show(Answer("""{"resultType":"string","result":[1787407260,"a,b"]}"""), Now);
        Assert.Equal(
            """
            timestamp,value,__name__,job,zone
            2026-08-22T14:00:00.000Z,0.1,x,"a""b",
            2026-08-22T14:00:15.000Z,+Inf,x,"a""b",
            2026-08-22T14:00:00.000Z,1E+21,x,,n
            2026-08-22T14:01:00.000Z,7,x,c,d
            timestamp,value
            2026-08-22T14:01:00.000Z,"a,b"

            """,
            _shown.Out);
    }

    [Fact]
    public void Json_IsTheDataOfTheAnswer()
    {
        var data = Vector(("job=a", "0.30000000000000004"));
        View(QueryView.Json).Show(Answer(data), Now);
        Assert.Equal(data + "\n", _shown.Out);
    }

    [Fact]
    public void Remarks_AreNotices_AndToldOnceWhileTheyStay()
    {
        var view = View(QueryView.Csv);
        var answer = Answer(Vector(("job=a", "1")), ""","warnings":["1 of 3 Dopplers \u001b[2Jmissing"],"infos":["PromQL info: x (1:6)"]""");
        view.ShowNext(answer, Now, "http://edge");
        view.ShowNext(answer, Now, "http://edge");
        Assert.Equal("── 1 of 3 Dopplers missing ──\n── PromQL info: x (1:6) ──\n", _shown.Error);
        view.ShowNext(Answer(Vector(("job=a", "1"))), Now, "http://edge");
        view.ShowNext(answer, Now, "http://edge");
        Assert.Equal(4, _shown.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void Watch_InAPipe_AddsEachAnswerBelowTheLast()
    {
        var view = View(QueryView.Table);
        view.ShowNext(Answer(Vector(("job=a", "1"))), Now, "http://edge");
        view.ShowNext(Answer("""{"resultType":"scalar","result":[1787407260,"2.5"]}"""), Now.AddSeconds(2), "http://edge");
        Assert.Equal("14:01:00  the expression\nSERIES     VALUE\n{job=\"a\"}      1\n\n14:01:02  the expression\n2.5\n\n", _shown.Out);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"data":{"resultType":"matrix","result":{}}}""")]
    [InlineData("""{"data":{"resultType":"histogram","result":[]}}""")]
    [InlineData("""{"data":{"resultType":"scalar","result":[1]}}""")]
    [InlineData("""{"data":{"resultType":"scalar","result":[1,"x"]}}""")]
    [InlineData("""{"data":{"resultType":"scalar","result":[1e300,"1"]}}""")]
    [InlineData("""{"data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}}""")]
    public void Answers_ThatAreNone_AreRefused(string body)
    {
        using var json = JsonDocument.Parse(body);
        Assert.Throws<JsonException>(() => QueryAnswer.Read(json.RootElement));
    }

    private static string Vector(params (string Labels, string Value)[] series) => Data("vector", series.Select(one => (one.Labels, $"\"value\":[1787407260,\"{one.Value}\"]")));

    private static string Matrix(params (string Labels, IEnumerable<(int Seconds, string Value)> Samples)[] series) =>
        Data("matrix", series.Select(one => (one.Labels, $"\"values\":[{string.Join(',', one.Samples.Select(sample => $"[{1_787_407_200 + sample.Seconds},\"{sample.Value}\"]"))}]")));

    private static string Data(string type, IEnumerable<(string Labels, string Values)> series) => $$"""{"resultType":"{{type}}","result":[{{string.Join(',', series.Select(one =>
        $"{{\"metric\":{{{string.Join(',', one.Labels.Split(',').Select(label => $"\"{label.Split('=')[0]}\":\"{label.Split('=', 2)[1].Replace("\"q\"", "\\\"q\\\"", StringComparison.Ordinal)}\""))}}},{one.Values}}}"))}}]}""";

    private static QueryAnswer Answer(string data, string more = "")
    {
        using var json = JsonDocument.Parse($$"""{"status":"success","data":{{data}}{{more}}}""");
        return QueryAnswer.Read(json.RootElement);
    }

    private void Show(string data, int? most = null, int? range = null) => View(QueryView.Table, most, range).Show(Answer(data), Now);

    private QueryView View(string format, int? most = null, int? range = null) => new(
        _shown.Screen, new FakeTimeProvider(Now), new QueryRequest("the expression", null, range is { } seconds ? TimeSpan.FromSeconds(seconds) : null, TimeSpan.FromSeconds(15)), format, most);
}
