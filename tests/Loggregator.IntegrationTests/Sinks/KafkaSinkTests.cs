using System.Diagnostics;
using System.IO.Hashing;
using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

public sealed class KafkaSinkTests : SinkContract
{
    private const short Produce = 0, InitProducerId = 22;

    protected override Task<SinkPeer> StartPeerAsync() => Task.FromResult<SinkPeer>(new KafkaPeer());

    [Fact]
    public async Task Message_HasKeyHeadersAndTheSourcesPartition()
    {
        await using var peer = new KafkaPeer("format=protobuf");
        await using var run = Start(peer);
        var envelope = new NumberedLog("app-7", 1).Envelope();
        run.Source.Append(envelope);
        await DeliveredAsync(run, 1);
        await Deadline.UntilAsync(() => peer.Messages.Count == 1, () => "nothing was read", Cancel);
        var message = peer.Messages[0];
        Assert.Equal(envelope, message.Message.Value);
        Assert.Equal("app-7", Encoding.UTF8.GetString(message.Message.Key));
        Assert.Equal((int)(XxHash64.HashToUInt64("app-7"u8) % 4), message.Partition.Value);
        Assert.Equal(
            ["source=app-7", "instance=0", "type=log", "cursor=doppler-1/000000000000001f/0"],
            message.Message.Headers.Select(header => $"{header.Key}={Encoding.UTF8.GetString(header.GetValueBytes())}"));
    }

    [Fact]
    public async Task Topics_ByPattern_GetTheirSources()
    {
        await using var peer = new KafkaPeer("topics=app-1:first,app-%3F:rest&compression=zstd&partition=key", 2, "first", "rest");
        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(3, 10));
        run.Source.Append(TrafficController.Sample.Log("router", "<app-9#1>"));
        await DeliveredAsync(run, 31);
        await Deadline.UntilAsync(() => peer.Messages.Count == 31, () => $"{peer.Messages.Count} of 31", Cancel);
        Assert.Equal(10, peer.Messages.Count(message => message.Topic == "first"));
        Assert.Equal(20, peer.Messages.Count(message => message.Topic == "rest"));
        Assert.Equal(1, peer.Messages.Count(message => message.Topic == "logs"));
    }

    [Theory]
    [InlineData(ErrorCode.NotEnoughReplicas)]
    [InlineData(ErrorCode.RequestTimedOut)]
    [InlineData(ErrorCode.NotLeaderForPartition)]
    [InlineData(ErrorCode.Local_Transport)]
    public async Task Broker_ThatAnswersErrors_GetsEverythingInOrder(ErrorCode error)
    {
        await using var peer = new KafkaPeer();
        await using var run = Start(peer, ("retry.backoff.max.ms", "100"));
        run.Source.Append(NumberedLog.Envelopes(3, 100));
        await DeliveredAsync(run, 300);
        peer.Mock.PushErrors(Produce, error, error, error, error);
        run.Source.Append(NumberedLog.Envelopes(3, 300, from: 101));
        await DeliveredAsync(run, 1_200);
        await ArrivedAsync(peer, 3, 400);
    }

    [Fact]
    public async Task OneBroker_DownAndBackWithItsLeadersMoved_LosesNothing()
    {
        await using var peer = new KafkaPeer();
        await using var run = Start(peer, ("reconnect.backoff.max.ms", "200"));
        run.Source.Append(NumberedLog.Envelopes(3, 200));
        await DeliveredAsync(run, 600);
        peer.Mock.Down(2);
        for (var partition = 0; partition < 4; partition++)
        {
            peer.Mock.Lead("logs", partition, 1 + (2 * (partition % 2)));
        }

        run.Source.Append(NumberedLog.Envelopes(3, 500, from: 201));
        await DeliveredAsync(run, 2_100);
        peer.Mock.Up(2);
        await ArrivedAsync(peer, 3, 700);
    }

    [Fact]
    public async Task Leaders_MovedAgainAndAgainInMidFlight_LosesNothingAndKeepsOrder()
    {
        await using var peer = new KafkaPeer();
        await using var run = Start(peer, ("retry.backoff.max.ms", "100"));
        const int rounds = 12, each = 100;
        for (var round = 0; round < rounds; round++)
        {
            run.Source.Append(NumberedLog.Envelopes(3, each, from: (round * each) + 1));
            await DeliveredAsync(run, 3 * each * round); // the one before: this round is under way when its leaders move
            for (var partition = 0; partition < 4; partition++)
            {
                peer.Mock.Lead("logs", partition, 1 + ((round + partition) % 3));
            }
        }

        await DeliveredAsync(run, 3 * each * rounds);
        await ArrivedAsync(peer, 3, each * rounds);
        Assert.Empty(run.Recorder.Errors);
    }

    [Fact]
    public async Task Client_ThatCannotGoOn_IsMadeAnewAndGetsEverything()
    {
        await using var peer = new KafkaPeer();
        peer.Mock.PushErrors(InitProducerId, ErrorCode.ClusterAuthorizationFailed); // fatal to an idempotent client
        await using var run = Start(peer, ("retry-max", "50ms"));
        run.Source.Append(NumberedLog.Envelopes(3, 100));
        await DeliveredAsync(run, 300);
        Assert.NotNull(run.Counters.LastFailure);
        await ArrivedAsync(peer, 3, 100);
    }

    [Fact]
    public async Task ClientsQueue_ThatIsSmall_HoldsNoMoreAndGetsEverything()
    {
        await using var peer = new KafkaPeer("queue.buffering.max.messages=7&format=json");
        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(3, 300));
        await DeliveredAsync(run, 900);
        await ArrivedAsync(peer, 3, 300);
        Assert.Equal(900, peer.Received().Count);
    }

    [Fact]
    public async Task OAuthBearer_AsksForItsToken()
    {
        using var listener = new System.Net.HttpListener();
        var port = PeerProcess.FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var asked = listener.GetContextAsync();
        var endpoint = Uri.EscapeDataString($"http://127.0.0.1:{port}/token");
        await using var run = new SinkRun(
            $"kafka://127.0.0.1:1/logs?sasl=oauthbearer&sasl.oauthbearer.method=oidc&sasl.oauthbearer.client.id=us&sasl.oauthbearer.client.secret=hidden&sasl.oauthbearer.token.endpoint.url={endpoint}");
        var context = await Deadline.ResultAsync(asked, "nobody asked for a token", Cancel);
        Assert.Equal("/token", context.Request.Url!.AbsolutePath);
        context.Response.Close();
    }

    [Fact]
    public async Task Topic_ThatIsNotThere_WaitsUntilItIs()
    {
        await using var peer = new KafkaPeer();
        await using var run = new SinkRun($"kafka://{peer.Mock.Brokers}/late.topic", keys: ("retry-max", "100ms"));
        peer.Mock.PushErrors(3, ErrorCode.UnknownTopicOrPart, ErrorCode.UnknownTopicOrPart);
        run.Source.Append(NumberedLog.Envelopes(1, 5));
        await DeliveredAsync(run, 5);
        Assert.Empty(run.DeadLetters);
    }

    [Fact]
    public async Task TooLargeForTheBroker_OfAWholeRequest_RefusesOnlyTheOneAtFault()
    {
        await using var peer = new KafkaPeer("linger.ms=50", partitions: 1);
        await using var run = Start(peer, ("retry-max", "20ms"));
        run.Source.Append(NumberedLog.Envelopes(1, 1));
        await DeliveredAsync(run, 1);
        peer.Mock.PushErrors(Produce, ErrorCode.MsgSizeTooLarge, ErrorCode.NoError, ErrorCode.MsgSizeTooLarge); // a whole request, then the second alone
        run.Source.Append(NumberedLog.Envelopes(1, 10, from: 2));
        await DeliveredAsync(run, 11);
        Assert.Equal(3, Assert.Single(run.DeadLetters.Select(line => NumberedLog.Find(Encoding.UTF8.GetString(EnvelopeOf(line).Log.Payload.Span))[0].Number)));
        await Deadline.UntilAsync(() => peer.Received().Count == 10, () => $"{peer.Received().Count} of 10", Cancel);
        Assert.Equal([1, 2, 4, 5, 6, 7, 8, 9, 10, 11], peer.Received().Select(log => log.Number));
    }

    [Fact]
    public async Task LargeLog_WithSplitting_ArrivesInNumberedParts()
    {
        await using var peer = new KafkaPeer("format=protobuf&oversize=split&max-message-bytes=20000", partitions: 1);
        await using var run = Start(peer);
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => i % 7 == 0 ? "ü" : "x"));
        run.Source.Append(TrafficController.Sample.Log("app-1", text));
        await DeliveredAsync(run, 1);
        Assert.Empty(run.DeadLetters);
        await Deadline.UntilAsync(() => peer.Messages.Count >= 2, () => $"{peer.Messages.Count} parts", Cancel);
        var parts = peer.Messages.Select(message => Envelope.Parser.ParseFrom(message.Message.Value)).ToList();
        Assert.Equal(text, string.Concat(parts.Select(part => part.Log.Payload.ToStringUtf8())));
        Assert.Equal(Enumerable.Range(1, parts.Count).Select(part => $"{part} of {parts.Count}"), parts.Select(part => $"{part.Tags["part"]} of {part.Tags["parts"]}"));
        Assert.Equal(parts.Count, peer.Messages.Select(message => Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes("cursor"))).Distinct().Count());
    }

    [Fact]
    public async Task Kcat_ReadsWhatWasProduced()
    {
        await using var peer = new KafkaPeer(partitions: 1);
        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(2, 100));
        await DeliveredAsync(run, 200);
        using var kcat = Process.Start(new ProcessStartInfo("kcat", ["-C", "-b", peer.Mock.Brokers, "-t", "logs", "-o", "beginning", "-e", "-q", "-f", "%k %h %s\n"]) { RedirectStandardOutput = true })!;
        var lines = (await kcat.StandardOutput.ReadToEndAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await kcat.WaitForExitAsync(Cancel);
        Assert.Equal(200, lines.Length);
        Assert.All(lines, line => Assert.Matches("^app-[01] source=app-[01],instance=0,type=log,cursor=doppler-1/[0-9a-f]{16}/[0-9]+ ", line));
        Assert.Equal(200, lines.SelectMany(line => JsonLines.Logs(line[line.IndexOf('{', StringComparison.Ordinal)..])).Distinct().Count());
    }

    [Fact]
    public async Task Setting_ThatLibrdkafkaDoesNotKnow_IsSaidWhenTheSinkIsMade()
    {
        var errors = new List<string>();
        var spec = Nozzle.Sinks.SinkSpec.Parse("kafka://user:topsecret@localhost/logs?sasl=plain&linger.mss=5&ssl.key.password=other-secret", new Dictionary<string, IReadOnlyList<string>>(), errors);
        Assert.Empty(errors);
        var failed = Assert.Throws<Nozzle.Sinks.SinkException>(() => spec!.Create(new Nozzle.Sinks.SinkContext(TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, Stream.Null)));
        Assert.Contains("linger.mss", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failed.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    private static Envelope EnvelopeOf(string deadLetter)
    {
        using var json = System.Text.Json.JsonDocument.Parse(deadLetter);
        return Envelope.Parser.ParseFrom(ByteString.FromBase64(json.RootElement.GetProperty("envelope").GetString()));
    }
}
