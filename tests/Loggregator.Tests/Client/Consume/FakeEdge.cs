using System.Net;
using System.Text;

namespace Loggregator.Tests.Client.Consume;

/// <summary>A Traffic Controller whose answers a test writes: each request gets the next; afterwards none is answered.</summary>
internal sealed class FakeEdge(params Func<HttpRequestMessage, HttpResponseMessage>[] answers) : HttpMessageHandler
{
    private int _next;

    public List<string> Paths { get; } = [];

    public List<string> Cursors { get; } = [];

    public List<string> Tokens { get; } = [];

    public static Func<HttpRequestMessage, HttpResponseMessage> Events(string body) =>
        _ => new HttpResponseMessage { Content = new StringContent(body, Encoding.UTF8, "text/event-stream") };

    public static Func<HttpRequestMessage, HttpResponseMessage> Status(HttpStatusCode status, string body = "") =>
        _ => new HttpResponseMessage(status) { Content = new StringContent(body) };

    public static Func<HttpRequestMessage, HttpResponseMessage> Unreachable() => _ => throw new HttpRequestException("nobody there");

    public static Func<HttpRequestMessage, HttpResponseMessage> Of(Stream body) => _ => new HttpResponseMessage { Content = new StreamContent(body) };

    /// <summary>A batch event of log lines.</summary>
    public static string Batch(string cursor, params string[] lines) =>
        $"data: {{\"batch\":[{string.Join(',', lines.Select(Log))}]}}\nid: {cursor}\n\n";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Paths.Add(request.RequestUri!.PathAndQuery);
        Cursors.Add(Header(request, "Last-Event-ID"));
        Tokens.Add(Header(request, "Authorization"));
        if (_next == answers.Length)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        return answers[_next++](request);
    }

    private static string Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : "";

    private static string Log(string line) =>
        $"{{\"timestamp\":\"1500\",\"source_id\":\"app\",\"instance_id\":\"0\",\"log\":{{\"payload\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(line))}\",\"type\":\"OUT\"}}}}";
}
