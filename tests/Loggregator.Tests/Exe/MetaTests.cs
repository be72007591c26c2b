using System.Text;
using Loggregator.Commands;
using Loggregator.Protocol.LogCache;
using Loggregator.Terminal;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class MetaTests
{
    private const string App = "984992f6-3cfb-4417-9321-786ee5233e9c";

    private static readonly MetaResponse Now = new()
    {
        Meta =
        {
            ["doppler"] = new MetaInfo { Count = 10, Expired = 5, OldestTimestamp = 1_000_000_000, NewestTimestamp = 271_900_000_000 },
            [App] = new MetaInfo { Count = 3, OldestTimestamp = 5, NewestTimestamp = 6 },
            ["cell\e[2J"] = new MetaInfo { Count = 7, Expired = 900, NewestTimestamp = 93_600_000_000_001 },
        },
    };

    [Fact]
    public async Task Show_All_HasTheColumnsOfThePluginAndTheUnresolvedLast()
    {
        var lines = await ShowAsync("all", "source", withRate: false, idsOnly: false);
        Assert.Equal("Source Source Type Count Expired Cache Duration", lines[0]);
        Assert.EndsWith("platform 7 900 26h0m0s", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain('\e', lines[1]);
        Assert.Equal("doppler platform 10 5 4m30s", lines[2]);
        Assert.Equal($"{App} unknown 3 0 1s", lines[3]);
    }

    [Theory]
    [InlineData("platform", "count", "cell doppler")]
    [InlineData("unknown", "count", App)]
    [InlineData("all", "count", App + " cell doppler")]
    [InlineData("all", "expired", App + " doppler cell")]
    [InlineData("all", "cache-duration", App + " doppler cell")]
    [InlineData("all", "source-id", App + " cell doppler")]
    [InlineData("all", "", "cell doppler " + App)]
    public async Task Show_SortedAndFiltered_IsInThatOrder(string type, string sort, string expected)
    {
        var lines = await ShowAsync(type, sort, withRate: false, idsOnly: true);
        Assert.Equal("Source ID Count Expired Cache Duration", lines[0]);
        Assert.Equal(expected, string.Join(' ', lines.Skip(1).Select(line => line.StartsWith("cell", StringComparison.Ordinal) ? "cell" : line.Split(' ')[0])));
    }

    [Fact]
    public async Task Rate_IsOfWhatCameBetweenTwoLooks_AndUnknownOfNewSources()
    {
        var before = Now.Clone();
        before.Meta.Remove(App);
        before.Meta["doppler"].Count = 9;
        before.Meta["doppler"].Expired = 3;
        var lines = await ShowAsync("all", "rate", withRate: true, idsOnly: true, before, TimeSpan.FromSeconds(6));
        Assert.Equal("Source ID Count Expired Cache Duration Rate/minute", lines[0]);
        Assert.Equal([$"{App} 3 0 1s -1", "doppler 10 5 4m30s 30"], [lines[1], lines[3]]);
    }

    [Theory]
    [InlineData("--sort-by", "rate")]
    [InlineData("--sort-by", "source", "--guid")]
    [InlineData("--sort-by", "name")]
    [InlineData("--source-type", "application")]
    public async Task Options_ThatContradict_AreWrongUsage(params string[] options)
    {
        var run = await CommandLine.RunAsync(["meta", .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(options[1], run.Error, StringComparison.Ordinal);
    }

    private static async Task<string[]> ShowAsync(
        string type, string sort, bool withRate, bool idsOnly, MetaResponse? before = null, TimeSpan apart = default)
    {
        var raw = new MemoryStream();
        await using (var output = new StreamWriter(raw, new UTF8Encoding(false)) { NewLine = "\n" })
        {
            var screen = new Screen(output, raw, TextWriter.Null, Stream.Null, false, false);
            new MetaTable(screen).Show(MetaRow.Of(Now, before, apart), type, sort, withRate, idsOnly);
        }

        return [.. Encoding.UTF8.GetString(raw.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
    }
}
