using System.Globalization;
using System.Text.RegularExpressions;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.LogCache;

/// <summary>A cluster that holds what the original's captured answers were made of, an hour old.</summary>
public abstract partial class LogCacheTest : ClusterTest
{
    private const long CapturedBase = 1795415220; // seconds; the captured timestamps are relative to it

    private protected long Base { get; } = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60) - 3600;

    private protected HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false });

    private protected InProcessCluster Cluster { get; private set; } = null!;

    private protected static CancellationToken Patience => TestContext.Current.CancellationToken;

    private protected async Task StartAsync(int dopplers = 1)
    {
        Cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = dopplers,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["TrafficController:LogCacheGatewayListen"] = "127.0.0.1:0" },
        });
    }

    private protected Task SendInputsAsync() => Cluster.Produce(Cluster.Dopplers[0]).SendAsync([.. Inputs(), .. Samples()], Patience);

    private protected Uri Gateway(string path) => new($"http://127.0.0.1:{Cluster.TrafficControllers[0].GatewayPort}{path}");

    private protected Uri Api(string path) => new($"http://127.0.0.1:{Cluster.TrafficControllers[0].HttpPort}{path}");

    private protected Loggregator.Protocol.LogCache.Egress.EgressClient Grpc() => new(Cluster.Open(Cluster.TrafficControllers[0]));

    /// <summary>A captured text, with its times moved to where this test's envelopes are.</summary>
    private protected string Moved(string captured) =>
        CapturedSeconds().Replace(captured, match => (long.Parse(match.Value, CultureInfo.InvariantCulture) - CapturedBase + Base).ToString(CultureInfo.InvariantCulture))
            .Replace("BASE", Base.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private protected static string Resource(string name)
    {
        using var stream = typeof(LogCacheTest).Assembly.GetManifestResourceStream(name)!;
        return new StreamReader(stream).ReadToEnd();
    }

    private IEnumerable<Envelope> Inputs() => Resource("inputs.hex").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, i) =>
    {
        var envelope = Envelope.Parser.ParseFrom(Convert.FromHexString(line));
        envelope.Timestamp = (Base * 1_000_000_000) + (i * 1_000_000);
        return envelope;
    });

    private IEnumerable<Envelope> Samples()
    {
        for (var i = 0; i < 40; i++)
        {
            var timestamp = (Base - (15 * (40 - i))) * 1_000_000_000;
            Envelope Sample() => new() { SourceId = "metrics", InstanceId = "0", Timestamp = timestamp, Tags = { ["job"] = "api" } };
            var counter = Sample();
            counter.Counter = new Counter { Name = "requests.total", Delta = 3, Total = 3 * ((ulong)i + 1) };
            var gauge = Sample();
            gauge.Gauge = new Gauge { Metrics = { ["cpu-usage"] = new GaugeValue { Unit = "percentage", Value = i } } };
            var timer = Sample();
            timer.Tags.Clear();
            timer.Tags.Add(new Dictionary<string, string> { ["method"] = "GET", ["peer_type"] = "Server", ["status_code"] = "200" });
            timer.Timer = new Loggregator.Protocol.V2.Timer { Name = "http", Start = timestamp, Stop = timestamp + ((i + 1) * 1_000_000) };
            yield return counter;
            yield return gauge;
            yield return timer;
        }
    }

    [GeneratedRegex("(?<![0-9])1795[0-9]{6}(?=000000000)")]
    private static partial Regex CapturedSeconds();
}
