using System.Net;
using System.Text;
using Loggregator.Client;
using Loggregator.Client.Consume;
using Loggregator.Commands;
using Loggregator.Hosting;
using Loggregator.Terminal;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class StreamSessionTests
{
    private const string Url = "http://edge";

    [Fact]
    public async Task Follow_StreamBreaks_GoesOnAtItsCursorAndSaysSo()
    {
        var edge = new FakeEdge(Batch("one", "c1") + Batch("two", "c2"), Batch("three", "c3"));
        var (code, output, notices) = await RunAsync(edge, new StreamQuery { SourceIds = ["a b"], Lines = 5 });

        Assert.Equal(0, code);
        Assert.Equal("one\ntwo\nthree\n", output);
        Assert.Equal(["", "c2"], edge.Cursors);
        Assert.Equal("/v2/stream?source_id=a%20b&lines=5", edge.Paths[0]);
        Assert.Contains("── disconnected: the server ended the stream; trying again ──", notices, StringComparison.Ordinal);
        Assert.Contains("── reconnected, 0 lost ──", notices, StringComparison.Ordinal);
        Assert.Contains("── 3 shown, 0 missed ──", notices, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_Gap_IsToldWhereItHappenedAndSummedUp()
    {
        const string Gap = "event: gap\ndata: {\"source_id\":\"app\",\"instance_id\":\"2\",\"count\":1204,\"hop\":\"doppler\",\"reason\":\"evicted\","
            + "\"upper_bound\":false,\"first_timestamp\":0,\"last_timestamp\":0}\n\n";
        var (_, output, notices) = await RunAsync(new FakeEdge(Batch("one", "c1") + Gap + Gap + Batch("two", "c2")), new StreamQuery());
        Assert.Equal("one\ntwo\n", output);
        Assert.Contains("── gap: 1,204 from app/2, doppler evicted ──", notices, StringComparison.Ordinal);
        Assert.Contains("── 2 shown, 2,408 missed (doppler evicted: 2,408) ──", notices, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_Notice_IsCleanedAndHeartbeatsAreSilent()
    {
        var (_, _, notices) = await RunAsync(
            new FakeEdge("event: notice\ndata: {\"kind\":\"waiting\",\"message\":\"nothing of \\u001b[2Jx yet\"}\n\nevent: heartbeat\ndata: 1\n\n"), new StreamQuery());
        Assert.Contains("── nothing of x yet ──", notices, StringComparison.Ordinal);
        Assert.DoesNotContain("heartbeat", notices, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoFollow_HistoryEnds_EndsToo()
    {
        var edge = new FakeEdge(Batch("one", "c1"));
        var (code, output, _) = await RunAsync(edge, new StreamQuery { NoFollow = true, SinceText = "10m" });
        Assert.Equal((0, "one\n"), (code, output));
        Assert.Equal(["/v2/recent?since=10m"], edge.Paths);
    }

    [Fact]
    public async Task Refused_WrongRequest_TellsMessageAndCure()
    {
        var edge = new FakeEdge { Refusal = "{\"error\":\"bad_since\",\"message\":\"since is 'x'\",\"cure\":\"Give a duration.\"}" };
        var (code, _, notices) = await RunAsync(edge, new StreamQuery { SinceText = "x" });
        Assert.Equal(1, code);
        Assert.Contains("since is 'x'. Give a duration.", notices, StringComparison.Ordinal);
    }

    private static string Batch(string line, string cursor) =>
        $"data: {{\"batch\":[{{\"timestamp\":\"0\",\"source_id\":\"a\",\"instance_id\":\"0\",\"log\":{{\"payload\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(line))}\",\"type\":\"OUT\"}}}}]}}\nid: {cursor}\n\n";

    private static async Task<(int Code, string Out, string Notices)> RunAsync(FakeEdge edge, StreamQuery query)
    {
        var raw = new MemoryStream();
        await using var output = new StreamWriter(raw, new UTF8Encoding(false));
        var error = new StringWriter { NewLine = "\n" };
        var screen = new Screen(output, raw, error, Stream.Null, false, false);
        using var signals = new Signals();
        edge.Exhausted = signals.Raise; // the user has seen enough
        using var http = new HttpClient(edge) { BaseAddress = new Uri(Url) };
        var printer = new EnvelopePrinter(screen, OutputFormat.Raw, LineFilter.None, TimeZoneInfo.Utc);
        var code = await new StreamSession(screen, printer, Url).RunAsync(new LogStream(http, query), !query.NoFollow, signals);
        return (code, Encoding.UTF8.GetString(raw.ToArray()), error.ToString());
    }

    /// <summary>Answers each request with the next of some bodies, which then end.</summary>
    private sealed class FakeEdge(params string[] bodies) : HttpMessageHandler
    {
        public List<string> Cursors { get; } = [];

        public List<string> Paths { get; } = [];

        public string? Refusal { get; init; }

        public Action? Exhausted { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (Refusal is not null)
            {
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StringContent(Refusal) });
            }

            if (Paths.Count == bodies.Length)
            {
                Exhausted!();
                return Task.FromCanceled<HttpResponseMessage>(cancellationToken);
            }

            Cursors.Add(request.Headers.TryGetValues("Last-Event-ID", out var ids) ? ids.Single() : "");
            Paths.Add(request.RequestUri!.PathAndQuery);
            return Task.FromResult(new HttpResponseMessage { Content = new StringContent(bodies[Paths.Count - 1], Encoding.UTF8, "text/event-stream") });
        }
    }
}
