using System.Net;
using Loggregator.Client;
using Xunit;

namespace Loggregator.Tests.Client.Consume;

public sealed class ConsumerTests
{
    private static readonly Uri Url = new("http://edge");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_Breaks_GoesOnAtItsCursorAndSaysSo()
    {
        var edge = new FakeEdge(
            FakeEdge.Events(FakeEdge.Batch("c1", "one", "two") + FakeEdge.Batch("c2", "three")), FakeEdge.Unreachable(), FakeEdge.Events(FakeEdge.Batch("c3", "four")));
        var items = await TakeAsync(edge, new StreamQuery { SourceIds = ["a b"], Lines = 5 }, 7);
        Assert.Equal(["one", "two", "three", "- the server ended the stream 1", "- nobody there 2", "+", "four"], items.Select(Words));
        Assert.Equal(["", "c1", "c2", "c2", "c2", "c2", "c3"], items.Select(item => item.Cursor));
        Assert.Equal(["", "c2", "c2"], edge.Cursors);
        Assert.Equal("/v2/stream?source_id=a%20b&lines=5", edge.Paths[0]);
    }

    [Fact]
    public async Task Stream_WithCursor_StartsThere()
    {
        var edge = new FakeEdge(FakeEdge.Events(FakeEdge.Batch("c9", "one")));
        await TakeAsync(edge, new StreamQuery { Cursor = "c8" }, 1);
        Assert.Equal(["c8"], edge.Cursors);
    }

    [Fact]
    public async Task Query_IsSpelledInFullAndEscaped()
    {
        var edge = new FakeEdge(FakeEdge.Events(FakeEdge.Batch("c", "one")));
        var query = new StreamQuery
        {
            SourceIds = ["a&b", "ü"],
            Types = EnvelopeTypes.Log | EnvelopeTypes.Event,
            CounterNames = ["x=y"],
            GaugeNames = ["cpu"],
            Since = DateTimeOffset.UnixEpoch.AddSeconds(1),
            ShardId = "s#1",
            InstanceId = "0",
        };
        await TakeAsync(edge, query, 1);
        Assert.Equal(
            "/v2/stream?source_id=a%26b&source_id=%C3%BC&type=log&type=counter&type=gauge&type=event&counter.name=x%3Dy&gauge.name=cpu&since=1000000000&shard_id=s%231&instance_id=0",
            edge.Paths[0]);
    }

    [Fact]
    public async Task Gaps_AndNotices_AreTyped()
    {
        const string Body = "event: gap\ndata: {\"source_id\":\"app\",\"instance_id\":\"2\",\"count\":1204,\"hop\":\"doppler\",\"reason\":\"evicted\","
            + "\"upper_bound\":true,\"first_timestamp\":1000,\"last_timestamp\":2000}\n\n"
            + "event: notice\ndata: {\"kind\":\"live\",\"message\":\"history is complete\"}\n\nevent: heartbeat\ndata: 1\n\nevent: later\ndata: 1\n\n";
        var items = await TakeAsync(new FakeEdge(FakeEdge.Events(FakeEdge.Batch("c1", "one") + Body)), new StreamQuery(), 3);
        var gap = Assert.IsType<StreamGap>(items[1]);
        Assert.Equal(("app", "2", 1204L, "doppler", "evicted", true), (gap.SourceId, gap.InstanceId, gap.Count, gap.Hop, gap.Reason, gap.IsUpperBound));
        Assert.Equal((DateTimeOffset.UnixEpoch.AddTicks(10), DateTimeOffset.UnixEpoch.AddTicks(20)), (gap.First, gap.Last));
        Assert.Equal("c1", gap.Cursor);
        Assert.Equal(("live", "history is complete"), (Assert.IsType<StreamNotice>(items[2]).Kind, ((StreamNotice)items[2]).Message));
    }

    [Theory]
    [InlineData("data: {\"batch\":[{\"log\":{\"payload\":\"***\"}}]}\n\n")]
    [InlineData("data: {\"batch\":[\n\n")]
    [InlineData("data: {\"batch\":[{\"source_id\":\"\\ud800\"}]}\n\n")]
    [InlineData("event: gap\ndata: nonsense\n\n")]
    public async Task Undecodable_IsToldAndTheStreamGoesOn(string rubbish)
    {
        var items = await TakeAsync(new FakeEdge(FakeEdge.Events(rubbish + FakeEdge.Batch("c1", "one"))), new StreamQuery(), 2);
        Assert.Equal("undecodable", Assert.IsType<StreamNotice>(items[0]).Kind);
        Assert.Equal("one", Words(items[1]));
    }

    [Theory]
    [InlineData("data: {\"batch\":[1,null,\"x\",[],{}]}\n\n", 5)]
    [InlineData("data: {\"batch\":{}}\n\n", 0)]
    [InlineData("data: []\n\n", 0)]
    [InlineData("data: {\"batch\":[{\"timestamp\":{},\"source_id\":3,\"tags\":[],\"deprecated_tags\":{\"a\":1},\"counter\":{\"name\":null,\"delta\":-1,\"total\":\"x\"}}]}\n\n", 1)]
    public async Task WrongTypes_BecomeZeroValues(string body, int envelopes)
    {
        var items = await TakeAsync(new FakeEdge(FakeEdge.Events(body + FakeEdge.Batch("c1", "end"))), new StreamQuery(), envelopes + 1);
        Assert.Equal("end", Words(items[^1]));
        Assert.All(items.SkipLast(1), item => Assert.Equal("", Assert.IsAssignableFrom<Envelope>(item).SourceId));
    }

    [Fact]
    public async Task EndlessEvent_BreaksTheConnectionAndNotTheMemory()
    {
        await using var endless = new EndlessBody();
        var items = await TakeAsync(new FakeEdge(FakeEdge.Of(endless), FakeEdge.Events(FakeEdge.Batch("c1", "one"))), new StreamQuery(), 3);
        Assert.Contains("more than 32 MiB", Words(items[0]), StringComparison.Ordinal);
        Assert.Equal("one", Words(items[2]));
    }

    [Fact]
    public async Task Refused_TellsMessageAndCure()
    {
        var edge = new FakeEdge(FakeEdge.Status(HttpStatusCode.BadRequest, "{\"error\":\"bad_lines\",\"message\":\"lines is '-1'\",\"cure\":\"Give a number.\"}"));
        var refusal = await Assert.ThrowsAsync<StreamRefusedException>(() => TakeAsync(edge, new StreamQuery { Lines = -1 }, 1));
        Assert.Equal("lines is '-1'. Give a number.", refusal.Message);
        Assert.IsAssignableFrom<LoggregatorException>(refusal);
    }

    [Fact]
    public async Task TooManyRequestsAndServerErrors_AreTriedAgain()
    {
        var edge = new FakeEdge(
            FakeEdge.Status(HttpStatusCode.TooManyRequests), FakeEdge.Status(HttpStatusCode.ServiceUnavailable), FakeEdge.Events(FakeEdge.Batch("c1", "one")));
        var items = await TakeAsync(edge, new StreamQuery(), 3);
        Assert.Equal(["- the server answered 429 Too Many Requests 1", "- the server answered 503 Service Unavailable 2", "one"], items.Select(Words));
    }

    [Fact]
    public async Task Token_IsSentAndRenewedOnceWhenItIsRefused()
    {
        var asked = new List<bool>();
        ValueTask<string> Token(bool refused, CancellationToken cancel)
        {
            asked.Add(refused);
            return new(refused ? "bearer fresh" : "stale");
        }

        var edge = new FakeEdge(FakeEdge.Status(HttpStatusCode.Unauthorized), FakeEdge.Events(FakeEdge.Batch("c1", "one")));
        await TakeAsync(edge, new StreamQuery(), 1, Token);
        Assert.Equal([false, true], asked);
        Assert.Equal(["Bearer stale", "bearer fresh"], edge.Tokens);

        edge = new FakeEdge(FakeEdge.Status(HttpStatusCode.Unauthorized), FakeEdge.Status(HttpStatusCode.Unauthorized, "{\"message\":\"who are you\"}"));
        var refusal = await Assert.ThrowsAsync<StreamRefusedException>(() => TakeAsync(edge, new StreamQuery(), 1, Token));
        Assert.Equal("who are you", refusal.Message);
    }

    [Fact]
    public async Task Token_ProviderFails_ItsExceptionEndsTheStream()
    {
        var edge = new FakeEdge(FakeEdge.Events(FakeEdge.Batch("c1", "one")));
        await Assert.ThrowsAsync<InvalidDataException>(() => TakeAsync(edge, new StreamQuery(), 1, (_, _) => throw new InvalidDataException("no token")));
    }

    [Fact]
    public async Task Recent_EndsByItselfAndIsNotTriedAgain()
    {
        using var consumer = new Consumer(new ConsumerOptions { Url = Url, Handler = new FakeEdge(FakeEdge.Events(FakeEdge.Batch("c1", "one", "two")), FakeEdge.Unreachable()) });
        var items = await consumer.RecentAsync(new StreamQuery { Lines = 2 }, Cancel).ToListAsync(Cancel);
        Assert.Equal(["one", "two"], items.Select(Words));
        var broken = await Assert.ThrowsAsync<StreamBrokenException>(() => consumer.RecentAsync(new StreamQuery(), Cancel).ToListAsync(Cancel).AsTask());
        Assert.Equal("http://edge/ cannot be read: nobody there.", broken.Message);
    }

    [Fact]
    public async Task Cancel_EndsAStreamThatWaits()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var consumer = new Consumer(new ConsumerOptions { Url = Url, Handler = new FakeEdge() });
        var next = consumer.StreamAsync(new StreamQuery(), stop.Token).FirstAsync(Cancel).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public void BadArguments_AreRefusedAtOnce()
    {
        Assert.Throws<ArgumentNullException>(() => new Consumer(null!));
        Assert.Throws<ArgumentException>(() => new Consumer(new ConsumerOptions { Url = new Uri("/relative", UriKind.Relative) }));
        Assert.Throws<ArgumentException>(() => new Consumer(new ConsumerOptions { Url = new Uri("ftp://edge") }));
        Assert.Throws<CredentialsException>(() => new Consumer(new ConsumerOptions { Url = Url, Tls = new ClientTls { AuthorityFile = "/nowhere/ca.crt" } }));
        Assert.Throws<CredentialsException>(() => new Consumer(new ConsumerOptions { Url = Url, Tls = new ClientTls { CertificateFile = "/nowhere/a.crt", KeyFile = "/nowhere/a.key" } }));
        using var consumer = new Consumer(new ConsumerOptions { Url = Url });
        Assert.Throws<ArgumentNullException>(() => consumer.StreamAsync(null!, Cancel));
        Assert.Throws<ArgumentException>(() => consumer.RecentAsync(new StreamQuery { SourceIds = [null!] }, Cancel));
        Assert.Throws<ArgumentException>(() => new ReverseLogProxyConsumer(new ReverseLogProxyOptions { Address = "nowhere" }));
    }

    private static string Words(StreamItem item) => item switch
    {
        LogEnvelope log => log.Text,
        StreamDisconnected broken => $"- {broken.Reason} {broken.Attempts}",
        StreamReconnected => "+",
        _ => item.GetType().Name,
    };

    private static async Task<List<StreamItem>> TakeAsync(FakeEdge edge, StreamQuery query, int count, TokenProvider? token = null)
    {
        using var consumer = new Consumer(new ConsumerOptions { Url = Url, Handler = edge, Token = token });
        return await consumer.StreamAsync(query, Cancel).Take(count).ToListAsync(Cancel);
    }

    /// <summary>One line without end.</summary>
    private sealed class EndlessBody : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            return new(buffer.Length);
        }
    }
}
