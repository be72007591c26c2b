using System.Text.Json;
using Loggregator.Protocol.Internal;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

public sealed class HeldFilterUseTests
{
    [Theory]
    [InlineData("/v2/recent?source_id=a&lines=5")]
    [InlineData("/v2/stream?source_id=a&lines=5")]
    [InlineData("/v2/stream?source_id=a&since=1")]
    public async Task History_IsAskedOfDopplersThatMayHoldSome_AndOfOthersWhatIsNewerThanTheirFilter(string path)
    {
        await using var holder = await FakeDoppler.StartAsync();
        await using var other = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([holder, other]);
        holder.Append(Sample.Logs("a", 0, 2));
        other.Append(Sample.Logs("b", 0, 7));
        holder.Announce("a");
        other.Announce("b");
        await Eventually.TrueAsync(() => Array.TrueForAll(host.Dopplers.Nodes, node => node.Attachment.Held is not null), "the filters are known");
        other.Append(Sample.Log("a", "newer", 9));

        using var client = await SseClient.OpenAsync(host.Http, path);
        Assert.Equal(["a-0", "a-1", "newer"], await client.ReadLogsAsync(3));
        Assert.NotEqual(Start.FromOneofCase.After, Assert.Single(holder.Opens).Start.FromCase);
        Assert.Equal(7ul, Assert.Single(other.Opens).Start.After);
    }

    [Theory]
    [InlineData("/v2/recent?lines=5", "a")] // all sources
    [InlineData("/v2/recent?source_id=a&lines=5", "a")] // a false positive looks the same: it has none and is asked
    [InlineData("/v2/recent?source_id=a&lines=5", null)] // not known yet
    public async Task History_OfDopplersThatMayHoldSome_IsAskedInFull(string path, string? announced)
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Log("b", "b"));
        if (announced is not null)
        {
            doppler.Announce(announced);
            await Eventually.TrueAsync(() => host.Dopplers.Nodes[0].Attachment.Held is not null, "the filter is known");
        }

        using var client = await SseClient.OpenAsync(host.Http, path);
        await client.ReadUntilAsync("notice", "closing");
        Assert.Equal(5u, Assert.Single(doppler.Opens).Start.Last);
    }

    [Fact]
    public async Task Filter_OfAFormerRun_IsForgotten()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Announce("b");
        await Eventually.TrueAsync(() => host.Dopplers.Nodes[0].Attachment.Held is not null, "the filter is known");
        await doppler.KillAsync();
        await doppler.RestartAsync();
        doppler.Append(Sample.Log("a", "kept"));
        await Eventually.TrueAsync(() => host.Dopplers.Nodes[0].Attachment is { Identity: not null, Held: null }, "it is attached again");
        using var client = await SseClient.OpenAsync(host.Http, "/v2/recent?source_id=a");
        Assert.Equal(["kept"], await client.ReadLogsAsync(1));
    }

    [Fact]
    public async Task Sources_ByName_AreAskedWhereTheyMayBe_AndEverywhereWhenNobodyKnowsThem()
    {
        await using var holder = await FakeDoppler.StartAsync();
        await using var other = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([holder, other]);
        holder.Append(Sample.Logs("a", 0, 2));
        other.Append(Sample.Log("b", "b"));
        holder.Announce("a");
        other.Announce("b");
        await Eventually.TrueAsync(() => Array.TrueForAll(host.Dopplers.Nodes, node => node.Attachment.Held is not null), "the filters are known");
        Assert.Equal([("a", 2)], await SourcesAsync(host, "/v2/sources?source_id=a"));
        Assert.Equal((1, 0), (holder.SourcesAsked, other.SourcesAsked));

        other.Append(Sample.Log("new", "x"));
        Assert.Equal([("a", 2), ("b", 1), ("new", 1)], await SourcesAsync(host, "/v2/sources?source_id=a&source_id=new")); // this Doppler tells all
        Assert.Equal((2, 1), (holder.SourcesAsked, other.SourcesAsked));
        await SourcesAsync(host, "/v2/sources");
        Assert.Equal((3, 2), (holder.SourcesAsked, other.SourcesAsked));
    }

    private static async Task<(string, int)[]> SourcesAsync(TrafficControllerHost host, string path)
    {
        using var answer = await host.Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.False(answer.Headers.Contains("X-Loggregator-Partial"));
        var sources = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("sources");
        return [.. sources.EnumerateArray().Select(source => (source.GetProperty("source_id").GetString()!, source.GetProperty("envelopes").GetInt32()))];
    }
}
