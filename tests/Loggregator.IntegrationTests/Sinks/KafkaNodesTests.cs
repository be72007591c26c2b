using System.Diagnostics;
using Loggregator.Nozzle.Delivery;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>
/// The Kafka sink against real nodes of an old release, whose log is read back by kcat. They know neither idempotence nor headers; one request at a time
/// keeps the order instead.
/// </summary>
public sealed class KafkaNodesTests(KafkaNodesFixture fixture) : IClassFixture<KafkaNodesFixture>
{
    private const string OldBroker = "api.version.request=false&broker.version.fallback=0.9.0.1&enable.idempotence=false&max.in.flight=1&reconnect.backoff.max.ms=500";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private KafkaNodes Nodes => fixture.Nodes;

    [Fact]
    public async Task Node_KilledInMidWriting_LosesNothingThatWasAcknowledged()
    {
        const int sources = 5, each = 4_000, killAt = 5_000, restartAt = 10_000;
        await Nodes.CreateTopicAsync("killed", 6, Cancel);
        await using var run = Start("killed");
        var feeding = FeedAsync(run, sources, each);
        await DeliveredAsync(run, killAt);
        Nodes.Kill(2);
        await DeliveredAsync(run, restartAt); // by the two that are left
        await Nodes.StartNodeAsync(2, Cancel);
        await feeding;
        await DeliveredAsync(run, sources * each);
        Assert.Equal(sources * each, run.Counters.Delivered);
        Assert.Empty(run.DeadLetters);
        Assert.Empty(run.Recorder.Errors);
        var read = NumberedLog.Find(await ReadAsync("killed", Nodes.Brokers.Split(',')[0])); // the node that is back may not know of topics yet
        Assert.Equal(sources, read.Select(log => log.Source).Distinct().Count());
        foreach (var source in read.GroupBy(log => log.Source))
        {
            Assert.Equal(Enumerable.Range(1, each), source.Select(log => log.Number).Distinct()); // all, in order, and none that was never sent
        }
    }

    [Fact]
    public async Task AllNodes_KilledAndStartedAgain_GetEverything()
    {
        using var nodes = await KafkaNodes.StartAsync(1, Cancel);
        await nodes.CreateTopicAsync("back", 3, Cancel);
        await using var run = Start("back", "", nodes.Brokers);
        run.Source.Append(NumberedLog.Envelopes(3, 200));
        await DeliveredAsync(run, 600);
        nodes.Kill(1);
        run.Source.Append(NumberedLog.Envelopes(3, 200, from: 201));
        await Deadline.UntilAsync(() => run.Counters.State == SinkState.Retrying, () => "the sink did not notice that the node is gone", Cancel, Patience);
        await nodes.StartNodeAsync(1, Cancel);
        await DeliveredAsync(run, 1_200);
        Assert.Equal(1_200, NumberedLog.Find(await ReadAsync("back", nodes.Brokers)).Distinct().Count());
    }

    [Theory]
    [InlineData("refuse")]
    [InlineData("split")]
    public async Task Message_OverTheBrokersLimit_IsRefusedOrSplit(string policy)
    {
        var topic = "small-" + policy;
        await Nodes.CreateTopicAsync(topic, 1, Cancel, "max.message.bytes=20000");
        await using var run = Start(topic, $"oversize={policy}&compression=none&linger.ms=20");
        run.Source.Append(NumberedLog.Envelopes(2, 10));
        run.Source.Append(new NumberedLog("app-0", 11).Envelope(padding: 50_000));
        run.Source.Append(NumberedLog.Envelopes(2, 10, from: 12));
        await DeliveredAsync(run, 41);
        var text = await ReadAsync(topic);
        Assert.Equal(40, NumberedLog.Find(text).Distinct().Count(log => log.Number != 11));
        Assert.Equal(policy == "refuse" ? 1 : 0, run.DeadLetters.Count);
        var padding = text.Split('\n').Sum(line => line.Length - line.TrimEnd('.').Length);
        Assert.True(policy == "refuse" ? padding == 0 : padding >= 50_000, $"{padding} bytes of the large message were written");
    }

    [Fact]
    public async Task Topic_ThatIsNotThere_IsNamedAndWaitedFor()
    {
        await using var run = Start("missing", "", null, ("retry-max", "200ms"));
        run.Source.Append(NumberedLog.Envelopes(1, 20));
        await Deadline.UntilAsync(
            () => run.Counters.LastFailure?.Reason.Contains("topic 'missing'", StringComparison.Ordinal) is true, () => $"the topic is not named: {run.Shown}", Cancel, Patience);
        Assert.Equal(0, run.Source.Delivered);
        await Nodes.CreateTopicAsync("missing", 2, Cancel);
        await DeliveredAsync(run, 20);
        Assert.Equal(20, NumberedLog.Find(await ReadAsync("missing")).Distinct().Count());
    }

    [Fact]
    public async Task Tls_WithTheRightCa_Delivers()
    {
        await Nodes.CreateTopicAsync("secret", 1, Cancel);
        await using var run = Start("secret", $"tls=true&ca={Nodes.Certificates.Authority}", $"127.0.0.1:{Nodes.TlsPort}");
        run.Source.Append(NumberedLog.Envelopes(1, 50));
        await DeliveredAsync(run, 50);
        Assert.Equal(50, NumberedLog.Find(await ReadAsync("secret")).Distinct().Count());
    }

    [Theory]
    [InlineData(true, "127.0.0.1")] // a CA that has not signed it
    [InlineData(false, "127.1")] // the same address by a name that the certificate does not have
    public async Task Tls_WithAWrongCaOrName_SendsNothing(bool foreign, string host)
    {
        using var other = new PeerCertificates();
        var authority = foreign ? other.Authority : Nodes.Certificates.Authority;
        await using var run = Start("secret", $"tls=true&ca={authority}", $"{host}:{Nodes.TlsPort}", ("stop-timeout", "200ms"), ("retry-max", "200ms"));
        run.Source.Append(NumberedLog.Envelopes(1, 10));
        await Deadline.UntilAsync(
            () => run.Counters.LastFailure?.Reason.Contains("certificate verify failed", StringComparison.Ordinal) is true, () => $"the sink does not say why: {run.Shown}", Cancel, Patience);
        Assert.Equal(0, run.Source.Delivered);
    }

    private SinkRun Start(string topic, string options = "", string? brokers = null, params (string, string)[] keys) =>
        new($"kafka://{brokers ?? Nodes.Brokers}/{topic}?format=text&{OldBroker}&{options}", keys: keys);

    // What is in a topic, by a reader that shares nothing with the sink, a line for each message.
    private async Task<string> ReadAsync(string topic, string? brokers = null)
    {
        using var kcat = Process.Start(new ProcessStartInfo(
            "kcat",
            ["-C", "-b", brokers ?? Nodes.Brokers, "-t", topic, "-o", "beginning", "-e", "-q", "-X", "api.version.request=false", "-X", "broker.version.fallback=0.9.0.1", "-f", "%s\n"])
        { RedirectStandardOutput = true })!;
        var text = await kcat.StandardOutput.ReadToEndAsync(Cancel);
        await kcat.WaitForExitAsync(Cancel);
        Assert.Equal(0, kcat.ExitCode);
        return text;
    }

    private static async Task FeedAsync(SinkRun run, int sources, int each)
    {
        const int step = 50, ahead = 2_000; // so that writing goes on while a node dies, whatever the machine's speed
        for (var number = 1; number <= each; number += step)
        {
            await Deadline.UntilAsync(() => run.Source.Appended - run.Source.Delivered < ahead, () => $"{run.Source.Delivered} are delivered; {run.Shown}", Cancel, Patience);
            run.Source.Append(NumberedLog.Envelopes(sources, step, from: number));
        }
    }

    private static Task DeliveredAsync(SinkRun run, int records) => Deadline.UntilAsync(
        () => run.Source.Delivered >= records, () => $"{run.Source.Delivered} of {records} are delivered; {run.Counters.LastFailure?.Reason}\n{run.Shown}", Cancel, Patience);
}
