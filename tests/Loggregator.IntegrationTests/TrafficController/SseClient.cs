using System.Text.Json;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>Reads server-sent events as strictly as the original's Go client: what it does not know fails the test.</summary>
internal sealed class SseClient : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private SseClient(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reader = new StreamReader(body);
    }

    public HttpResponseMessage Response => _response;

    /// <summary>The id of the last event that had one.</summary>
    public string? LastId { get; private set; }

    public static async Task<SseClient> OpenAsync(HttpClient http, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new SseClient(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; null at the end of the body.</summary>
    public async Task<SseEvent?> ReadAsync()
    {
        string? name = null, data = null, id = null;
        while (true)
        {
            var line = await Eventually.WithinAsync(_reader.ReadLineAsync(), "another line of the stream");
            if (line is null)
            {
                return null;
            }

            if (line.Length == 0)
            {
                Assert.NotNull(data);
                LastId = id ?? LastId;
                return new SseEvent(name, data, id);
            }

            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                Assert.Null(data); // the Go client discards the two lines behind the event's
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line["data: ".Length..];
            }
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line["id: ".Length..];
            }
            else
            {
                Assert.Fail($"'{line}' is no line of such a stream.");
            }
        }
    }

    /// <summary>The next event of this name, or of none; others are passed over.</summary>
    public async Task<SseEvent> ReadUntilAsync(string? name, string? kind = null)
    {
        while (true)
        {
            var next = await ReadAsync() ?? throw new EndOfStreamException($"The stream ended before event '{name}' {kind}.");
            if (next.Name == name && (kind is null || next.Json.GetProperty("kind").GetString() == kind))
            {
                return next;
            }
        }
    }

    /// <summary>Texts of the next <paramref name="count"/> logs.</summary>
    public async Task<List<string>> ReadLogsAsync(int count)
    {
        List<string> logs = [];
        while (logs.Count < count)
        {
            logs.AddRange((await ReadUntilAsync(null)).Logs);
        }

        return logs;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}

internal sealed record SseEvent(string? Name, string Data, string? Id)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public IEnumerable<JsonElement> Batch => Json.GetProperty("batch").EnumerateArray();

    public IEnumerable<string> Logs =>
        Batch.Select(envelope => System.Text.Encoding.UTF8.GetString(envelope.GetProperty("log").GetProperty("payload").GetBytesFromBase64()));
}
