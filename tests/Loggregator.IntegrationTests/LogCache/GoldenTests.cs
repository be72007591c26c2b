using System.Globalization;
using System.Net;
using Google.Protobuf;
using Loggregator.Protocol.LogCache;
using Xunit;

namespace Loggregator.IntegrationTests.LogCache;

/// <summary>What the original's log-cache answered, byte for byte.</summary>
public sealed class GoldenTests : LogCacheTest
{
    [Fact]
    public async Task Answers_OfTheGateway_AreTheOriginals()
    {
        await StartAsync();
        await SendInputsAsync();
        var captured = Resource("log-cache.txt").Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(10, captured.Length);
        foreach (var answer in captured)
        {
            var lines = answer.Trim('\n').Split('\n');
            var path = lines[0]["## GET ".Length..];
            using var response = await Http.GetAsync(Gateway(path), Patience);
            var told = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {response.Content.Headers.ContentType}");
            Assert.Equal($"{path}: {lines[1]}", $"{path}: {told}");
            Assert.Equal(Moved(lines[2]) + "\n", await response.Content.ReadAsStringAsync(Patience));
        }
    }

    [Fact]
    public async Task Answers_OfReadAndMeta_HaveNoFieldThatAStrictReaderDoesNotKnow()
    {
        await StartAsync();
        await SendInputsAsync();
        var strict = new JsonParser(JsonParser.Settings.Default);
        foreach (var surface in (Func<string, Uri>[])[Gateway, Api])
        {
            var meta = strict.Parse<MetaResponse>(await Http.GetStringAsync(surface("/api/v1/meta"), Patience));
            Assert.Equal(6, meta.Meta.Count);
            Assert.Equal(137, meta.Meta.Values.Sum(info => info.Count));
            foreach (var source in meta.Meta.Keys.Where(source => source.Length > 0))
            {
                var read = strict.Parse<ReadResponse>(await Http.GetStringAsync(surface($"/api/v1/read/{source}?limit=1000"), Patience));
                Assert.Equal(meta.Meta[source].Count, read.Envelopes.Batch.Count);
                Assert.Equal(meta.Meta[source].OldestTimestamp, read.Envelopes.Batch[0].Timestamp);
                Assert.Equal(meta.Meta[source].NewestTimestamp, read.Envelopes.Batch[^1].Timestamp);
            }
        }
    }

    [Fact]
    public async Task NameFilter_WithALimit_GivesExactlySoMany()
    {
        await StartAsync();
        await SendInputsAsync();
        var read = JsonParser.Default.Parse<ReadResponse>(await Http.GetStringAsync(Api("/api/v1/read/metrics?name_filter=cpu.*&limit=2"), Patience));
        Assert.Equal([0, 1], read.Envelopes.Batch.Select(envelope => envelope.Gauge.Metrics["cpu-usage"].Value));
    }

    [Fact]
    public async Task Info_NamesAVersionThatClientsKnow()
    {
        await StartAsync();
        foreach (var surface in (Func<string, Uri>[])[Gateway, Api])
        {
            using var response = await Http.GetAsync(surface("/api/v1/info"), Patience);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
            var body = await response.Content.ReadAsStringAsync(Patience);
            Assert.Matches("""^\{"version":"3\.2\.12","vm_uptime":"[0-9]+"\}\n$""", body);
        }
    }
}
