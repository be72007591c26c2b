using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Loggregator.Load.Accounting;

namespace Loggregator.Load.Receiving;

/// <summary>
/// Follows one source by server-sent events on a connection of its own; after a break it goes on from the last event's id. One loop runs it.
/// </summary>
internal sealed class SseTailer(Uri address, Func<HttpMessageHandler> handler, Tally tally) : IReader
{
    private readonly JsonLines _json = new(tally);
    private string _event = "", _lastId = "";
    private long _breaks;

    public long Breaks => Volatile.Read(ref _breaks);

    public string LastError { get; private set; } = "";

    public async Task RunAsync(CancellationToken cancel)
    {
        using var client = new HttpMessageInvoker(handler());
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(client, cancel);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                LastError = e.Message;
            }

            if (!cancel.IsCancellationRequested)
            {
                _breaks++;
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    private async Task FollowAsync(HttpMessageInvoker client, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (_lastId.Length > 0)
        {
            request.Headers.Add("Last-Event-ID", _lastId);
        }

        using var response = await client.SendAsync(request, cancel);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancel)}");
        }

        using var lines = new LineSplitter(await response.Content.ReadAsStreamAsync(cancel));
        while (await lines.ReadAsync(cancel) is { } line)
        {
            Take(line.Span);
        }
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("data: "u8))
        {
            TakeData(line[6..]);
        }
        else if (line.StartsWith("id: "u8))
        {
            _lastId = Encoding.UTF8.GetString(line[4..]);
        }
        else if (line.StartsWith("event: "u8))
        {
            _event = Encoding.UTF8.GetString(line[7..]);
        }
        else if (line.IsEmpty)
        {
            _event = "";
        }
    }

    private void TakeData(ReadOnlySpan<byte> json)
    {
        if (_event == "gap")
        {
            TakeGap(json);
        }
        else if (_event.Length == 0 || _event == "batch")
        {
            _json.TakePayloads(json);
        }
    }

    private void TakeGap(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var gap = document.RootElement;
        tally.TakeGap(
            Encoding.UTF8.GetBytes(gap.GetProperty("source_id").GetString() ?? ""),
            gap.GetProperty("hop").GetString() ?? "",
            gap.GetProperty("reason").GetString() ?? "",
            Count(gap.GetProperty("count")),
            gap.TryGetProperty("upper_bound", out var upper) && upper.GetBoolean());
    }

    private static long Count(JsonElement number) =>
        number.ValueKind == JsonValueKind.Number ? number.GetInt64() : long.Parse(number.GetString() ?? "0", System.Globalization.CultureInfo.InvariantCulture);
}
