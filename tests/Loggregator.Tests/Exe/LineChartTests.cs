using CsCheck;
using Loggregator.PromQl.Storage;
using Loggregator.Terminal;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class LineChartTests
{
    private const long Start = 1_787_407_200_000; // 2026-08-22T14:00:00Z
    private const long End = Start + 60_000;

    [Fact]
    public void Draw_OneLine_IsOfDotsBetweenRoundValuesAndTimes() => AssertDrawn(
        """
         10 ┤       ⢀⣀⡠⠔⠒⠉⠉⠉⠉⠑⠒⠢⢄⣀
            │     ⣀⠤⠃             ⠉⠢⣀
            │  ⢀⡰⠉                   ⠑⠢⡀
          0 ┤ ⠔⠁                       ⠈⠑⢢                        ⣀⠤
            │                             ⠉⠢⣀                  ⢀⡠⠜
            │                                ⠑⠢⡀             ⣀⠎⠁
        -10 ┤                                  ⠈⠉⠑⠤⠤⣀⣀⣀⣀⡠⠤⠒⠉⠉
            └───────────────────────────────────────────────────────
              14:00:00              14:00:30                14:01:00
        """,
        false,
        Wave(0));

    [Fact]
    public void Draw_SeveralLinesWithoutColour_AreLetters() => AssertDrawn(
        """
         10 ┤ bbb   aaaaaaaaaaaaaa                      bbbbbbbbbbbb
            │   bbaaa             aaa                bbbb
            │  aaa bbb               aaa           bbb
          0 ┤ aa     bbbb              aaa      bbb               aa
            │           bbb               aaabbbb              aaa
            │ cccccccccccccbbbcccccccccccccbbaaacccccccccccccaaacccc
        -10 ┤                bbbbbbbbbbbbbb    aaaaaaaaaaaaaa
            └───────────────────────────────────────────────────────
              14:00:00              14:00:30                14:01:00
        """,
        false,
        Wave(0),
        Wave(20),
        Line(Enumerable.Repeat(-5.0, 61)));

    [Fact]
    public void Draw_Colours_AreSetWhereTheyChangeAndTakenBack() => AssertDrawn(
        """
         10 ┤       ^[96m⢀⣀⡠⠔⠒⠉⠉⠉⠉⠑⠒⠢⢄⣀^[0m
            │     ^[96m⣀⠤⠃             ⠉⠢⣀^[0m
            │  ^[96m⢀⡰⠉                   ⠑⠢⡀^[0m
          0 ┤ ^[96m⠔⠁                       ⠈⠑⢢                        ⣀⠤^[0m
            │                             ^[96m⠉⠢⣀                  ⢀⡠⠜^[0m
            │ ^[93m⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉^[96m⠙⠫⡉^[93m⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉^[96m⣉⠏⠉^[93m⠉⠉⠉⠉^[0m
        -10 ┤                                  ^[96m⠈⠉⠑⠤⠤⣀⣀⣀⣀⡠⠤⠒⠉⠉^[0m
            └───────────────────────────────────────────────────────
              14:00:00              14:00:30                14:01:00
        """,
        true,
        Wave(0),
        Line(Enumerable.Repeat(-5.0, 61)));

    [Fact]
    public void Draw_NaNAndPause_InterruptTheLine_AndInfinitiesAreAtTheEdges() => AssertDrawn(
        """
        5 ┤                        ⠁
          │
          │ ⣀⣀⣀⣀⣀⣀⣀⣀⣀         ⢀⣀⣀⣀⡀ ⣀⣀⣀⣀⣀⣀⣀⣀ ⢀⣀⣀⣀⣀⣀⣀⣀           ⣀⣀⣀⣀
          │
          │
          │
        0 ┤                                 ⢀
          └─────────────────────────────────────────────────────────
            14:00:00               14:00:30                 14:01:00
        """,
        false,
        [
            .. Line(Enumerable.Range(0, 61).Select(i => i switch { >= 10 and < 20 => double.NaN, 25 => double.PositiveInfinity, 35 => double.NegativeInfinity, _ => 3 }))
                .Where(sample => sample.Time is < Start + 45_000 or > Start + 55_000),
        ]);

    [Fact]
    public void Draw_OneSampleOrNone_IsAFieldAllTheSame()
    {
        Assert.Contains(Draw(40, 4, false, Start, Start, [new Sample(Start, 7)]), row => row.Any(c => c is > '\u2800' and < '\u2900'));
        Assert.Equal(6, Draw(40, 4, false, Start, End).Count);
        Assert.Equal(6, Draw(40, 4, false, Start, End, Line([double.NaN])).Count);
    }

    [Fact]
    public void Times_OfSeveralDays_HaveTheirDates() =>
        Assert.Equal("    08-22 14:00        08-24 02:00         08-25 14:00", Draw(54, 4, false, Start, Start + (3 * 86_400_000), Line([1, 2])).Last());

    [Fact]
    public void Draw_AnyNumbers_StaysInItsField() => Gen.Select(Gen.Double.Array[0, 30], Gen.Int[1, 200], Gen.Int[1, 40], Gen.Bool).Sample(
        (values, width, height, colour) =>
        {
            var rows = Draw(width, height, colour, Start, End, Line(values), Line(values.Select(value => -value)));
            Assert.Equal(height + 2, rows.Count);
            Assert.All(rows, row => Assert.True(colour || row.Length <= Math.Max(width, 24 + 20), row));
        });

    [Theory]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(3, 3, "1 2 3 4 5")]
    [InlineData(0, 0, "-1.0 -0.5 0.0 0.5 1.0")]
    [InlineData(0.001, 0.0092, "0.000 0.002 0.004 0.006 0.008 0.010")]
    [InlineData(1795415220, 1795415280, "1795415220 1795415240 1795415260 1795415280")]
    [InlineData(-2e20, 3e20, "-2e+20 -1e+20 0e+00 1e+20 2e+20 3e+20")]
    [InlineData(0, 5e-324, "-1.0 -0.5 0.0 0.5 1.0")]
    [InlineData(-1.7e308, 1.7e308, "-1.7e+308 -7e+307 3e+307 1.3e+308")]
    public void Scale_HasRoundValues(double min, double max, string expected)
    {
        var scale = new ChartScale(min, max, 6);
        Assert.Equal(expected, string.Join(' ', scale.Ticks().Select(tick => tick.Text)));
        Assert.InRange(scale.Place(min), 0, scale.Place(max));
        Assert.InRange(scale.Place(max), scale.Place(min), 1);
    }

    [Fact]
    public void Scale_OfAnyNumbers_HasFewValuesThatAscend() => Gen.Select(Gen.Double, Gen.Double, Gen.Int[2, 20]).Where((a, b, _) => double.IsFinite(a) && double.IsFinite(b)).Sample((a, b, most) =>
    {
        var ticks = new ChartScale(Math.Min(a, b), Math.Max(a, b), most).Ticks().Select(tick => tick.Value).ToList();
        Assert.InRange(ticks.Count, 1, most + 1);
        Assert.Equal(ticks.Order(), ticks);
    });

    private static void AssertDrawn(string golden, bool colour, params Sample[][] lines) =>
        Assert.Equal(golden, string.Join('\n', Draw(60, 7, colour, Start, End, lines)).Replace('\e', '^'));

    private static List<string> Draw(int width, int height, bool colour, long from, long to, params Sample[][] lines) =>
        [.. new LineChart(width, height, colour, TimeZoneInfo.Utc).Draw([.. lines.Select(line => new ReadOnlyMemory<Sample>(line))], from, to, 1500)];

    private static Sample[] Wave(int shift) => Line(Enumerable.Range(shift, 61).Select(i => 10 * Math.Sin(i * Math.PI / 30)));

    private static Sample[] Line(IEnumerable<double> values) => [.. values.Select((value, i) => new Sample(Start + (i * 1000), value))];
}
