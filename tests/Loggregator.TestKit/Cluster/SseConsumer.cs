using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Loggregator.Protocol.V2;

namespace Loggregator.TestKit.Cluster;

/// <summary>
/// Reads a stream of server-sent events as a browser does: when it breaks it connects again by itself, with the last id that it saw, to
/// wherever the Traffic Controller then is.
/// </summary>
public sealed class SseConsumer : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly Google.Protobuf.JsonParser Json = new(Google.Protobuf.JsonParser.Settings.Default.WithIgnoreUnknownFields(true));
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpClient _http;
    private readonly Func<int> _port;
    private readonly string _pathAndQuery;
    private readonly Lock _lock = new();
    private readonly List<(string Event, string Json)> _events = [];
    private readonly Task _reading;
    private string _lastId = "";
    private volatile bool _connected;
    private int _connections;

    internal SseConsumer(Func<int> port, string pathAndQuery)
    {
        _port = port;
        _pathAndQuery = pathAndQuery;
        _http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        _reading = Task.Run(ReadAllAsync);
    }

    /// <summary>What came.</summary>
    public Tally Tally { get; } = new();

    /// <summary>Close it to stop reading.</summary>
    public Gate Gate { get; } = new();

    /// <summary>Whether the response has begun.</summary>
    public bool Connected => _connected;

    /// <summary>Times that the response began.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Events other than batches, with their data.</summary>
    public IReadOnlyList<(string Event, string Json)> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Waits until a notice of that kind has come.</summary>
    public Task NoticeAsync(string kind, CancellationToken cancel) => Deadline.UntilAsync(
        () => Events.Any(e => e.Event == "notice" && e.Json.Contains($"\"kind\":\"{kind}\"", StringComparison.Ordinal)),
        () => $"notice '{kind}'; events: {string.Join(' ', Events.Select(e => e.Event + e.Json))}; {Tally}",
        cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Gate.Open();
        await _reading;
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task ReadAllAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await ReadAsync();
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException)
            {
                // It broke, or there is nobody: again.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            _connected = false;
            await Task.Delay(Pause, TimeProvider.System, _stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task ReadAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_port()}{_pathAndQuery}");
        if (_lastId.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", _lastId);
        }

        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stopping.Token);
        if (!response.IsSuccessStatusCode)
        {
            Keep("refused", $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(_stopping.Token)}");
            return;
        }

        Interlocked.Increment(ref _connections);
        _connected = true;
        await using var body = await response.Content.ReadAsStreamAsync(_stopping.Token);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(_stopping.Token))
        {
            Take(item);
            await Gate.PassAsync(_stopping.Token);
        }
    }

    private void Take(SseItem<string> item)
    {
        if (item.EventType == "message")
        {
            foreach (var envelope in Json.Parse<EnvelopeBatch>(item.Data).Batch)
            {
                Tally.Add(envelope);
            }
        }
        else
        {
            Keep(item.EventType, item.Data);
            if (item.EventType == "gap")
            {
                TakeGap(item.Data);
            }
        }

        if (!string.IsNullOrEmpty(item.EventId))
        {
            _lastId = item.EventId;
        }
    }

    private void TakeGap(string data)
    {
        using var gap = JsonDocument.Parse(Encoding.UTF8.GetBytes(data));
        string Text(string name) => gap.RootElement.GetProperty(name).GetString() ?? "";
        Tally.AddLost(Text("source_id"), Text("hop"), Text("reason"), gap.RootElement.GetProperty("count").GetInt64());
    }

    private void Keep(string name, string json)
    {
        lock (_lock)
        {
            _events.Add((name, json));
        }
    }
}
