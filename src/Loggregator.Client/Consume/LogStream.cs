using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Loggregator.Client.Connect;

namespace Loggregator.Client.Consume;

/// <summary>
/// Reads a Traffic Controller's event stream for as long as it is enumerated: connects again by itself, with the cursor of the last batch,
/// so that what the Dopplers still hold is neither missed nor seen twice. One enumeration at a time.
/// </summary>
internal sealed class LogStream(HttpClient http, StreamQuery query, TimeProvider? time = null, TokenProvider? token = null)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Without a word for so long the connection counts as dead: three of the server's heartbeats.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    private const int MaxRefusal = 16 * 1024;

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Where it would go on now.</summary>
    public string Cursor { get; private set; } = query.Cursor;

    /// <summary>Yields what comes until <paramref name="cancel"/> ends it, or, without following, until all is read.</summary>
    /// <exception cref="StreamRefusedException">The request is wrong; the message is the server's.</exception>
    public async IAsyncEnumerable<StreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var backoff = new Backoff(FirstPause, LongestPause);
        var connectedBefore = false;
        while (true)
        {
            HttpResponseMessage? response = null;
            string? failure = null;
            try
            {
                response = await ConnectAsync(cancel).ConfigureAwait(false);
            }
            catch (HttpRequestException e)
            {
                failure = PeerFailure.Text(e);
            }

            if (response is not null)
            {
                using (response)
                {
                    if (connectedBefore)
                    {
                        yield return new StreamEvent(StreamEventKind.Reconnected);
                    }

                    connectedBefore = true;
                    var connected = _time.GetTimestamp();
                    var events = ReadEventsAsync(response, cancel).GetAsyncEnumerator(cancel);
                    await using (events.ConfigureAwait(false))
                    {
                        while (true)
                        {
                            try
                            {
                                if (!await events.MoveNextAsync().ConfigureAwait(false))
                                {
                                    break;
                                }
                            }
                            catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
                            {
                                failure = PeerFailure.Text(e);
                                break;
                            }

                            yield return events.Current;
                        }
                    }

                    backoff.ResetAfter(_time.GetElapsedTime(connected));
                }

                if (failure is null && query.NoFollow)
                {
                    yield return new StreamEvent(StreamEventKind.End);
                    yield break;
                }
            }

            yield return new StreamEvent(StreamEventKind.Disconnected, Encoding.UTF8.GetBytes(failure ?? "the server ended the stream"));
            await Task.Delay(backoff.Next(), _time, cancel).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> ConnectAsync(CancellationToken cancel)
    {
        var response = await SendAsync(tokenRefused: false, cancel).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Unauthorized && token is not null)
        {
            response.Dispose();
            response = await SendAsync(tokenRefused: true, cancel).ConfigureAwait(false);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var reason = Reason(response, await ReadAtMostAsync(response, cancel).ConfigureAwait(false));
            throw response.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests
                ? new StreamRefusedException(reason)
                : new HttpRequestException(reason);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(bool tokenRefused, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, query.PathAndQuery());
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (Cursor.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", Cursor);
        }

        if (token is not null && await token(tokenRefused, cancel).ConfigureAwait(false) is { Length: > 0 } given)
        {
            request.Headers.TryAddWithoutValidation("Authorization", given.Contains(' ', StringComparison.Ordinal) ? given : "Bearer " + given);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
    }

    // The start of a refusal says it all, whatever else comes.
    private static async Task<string> ReadAtMostAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var buffer = new byte[MaxRefusal];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private async IAsyncEnumerable<StreamEvent> ReadEventsAsync(HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancel)
    {
        var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var bounded = new BoundedEvents(body);
        await using var _ = bounded.ConfigureAwait(false);
        var parser = SseParser.Create(bounded, static (_, data) => data.ToArray());
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var timer = _time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), silence, Silence, Timeout.InfiniteTimeSpan);
        var items = parser.EnumerateAsync(silence.Token).GetAsyncEnumerator(silence.Token);
        await using (items.ConfigureAwait(false))
        {
            while (true)
            {
                try
                {
                    if (!await items.MoveNextAsync().ConfigureAwait(false))
                    {
                        yield break;
                    }
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    throw new TimeoutException($"the server was silent for {Silence.TotalSeconds:0} s");
                }

                timer.Change(Silence, Timeout.InfiniteTimeSpan);
                bounded.EventEnded();
                var item = items.Current;
                if (KindOf(item.EventType) is { } kind)
                {
                    yield return new StreamEvent(kind, item.Data, string.IsNullOrEmpty(item.EventId) ? Cursor : item.EventId);
                }

                if (!string.IsNullOrEmpty(item.EventId))
                {
                    Cursor = item.EventId; // after the caller has taken the batch: a break in between repeats it rather than skips it
                }
            }
        }
    }

    /// <summary>The server's message and cure, or the status if it said nothing of that form.</summary>
    private static string Reason(HttpResponseMessage response, string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var text = json.RootElement.GetProperty("message").GetString();
            return json.RootElement.TryGetProperty("cure", out var cure) ? $"{text}. {cure.GetString()}" : text ?? "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}";
        }
    }

    private static StreamEventKind? KindOf(string eventType) => eventType switch
    {
        "message" => StreamEventKind.Batch,
        "gap" => StreamEventKind.Gap,
        "notice" => StreamEventKind.Notice,
        _ => null, // heartbeats, and what later servers may add
    };
}
