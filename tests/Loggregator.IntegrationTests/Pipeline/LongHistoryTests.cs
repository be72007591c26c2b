using System.Globalization;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.IntegrationTests.TrafficController;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Pipeline;

/// <summary>More last lines than are kept back while the Dopplers' histories are merged.</summary>
public sealed class LongHistoryTests : ClusterTest
{
    private const int Held = 9000;

    [Theory(Timeout = 120_000)]
    [InlineData("lines=4000", Held - 4000, 1)]
    [InlineData("lines=2000000000", 0, 1)]
    [InlineData("lines=4000&instance_id=1", Held - 8000, 2)]
    [InlineData("lines=11", Held - 11, 1)]
    [InlineData("lines=10", Held - 10, 1)]
    public async Task Recent_MoreLinesThanAreKeptBack_AreTheLastInOrder(string query, int from, int step)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 3,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["TrafficController:MaxHistoryLines"] = "10", ["TrafficController:ClientBytes"] = "65536" },
        });
        foreach (var doppler in cluster.Dopplers)
        {
            var which = cluster.Dopplers.ToList().IndexOf(doppler);
            await cluster.Produce(doppler).SendAsync(Enumerable.Range(0, Held).Where(number => number % 3 == which).Select(Line), cancel);
        }

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}") };
        using var client = await SseClient.OpenAsync(http, $"/v2/recent?source_id=a&{query}");
        List<string> lines = [];
        while (await client.ReadAsync() is { } next)
        {
            lines.AddRange(next.Name is null ? next.Logs : []);
        }

        Assert.Equal(Enumerable.Range(from, Held - from).Where(number => step == 1 || number % 2 == 1).Select(Text), lines);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Envelope Line(int number) => new()
    {
        SourceId = "a",
        InstanceId = Text(number % 2),
        Timestamp = number + 1,
        Log = new Log { Payload = Google.Protobuf.ByteString.CopyFromUtf8(Text(number)) },
    };
}
