using Loggregator.Client.Connect;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;

namespace Loggregator.Nozzle.Sinks.Https;

/// <summary>
/// Posts messages one after the other, or a batch in one body, as the original's https and https-batch drains do; one request at a time, so that
/// order holds. Any 2xx takes them, whatever the body says. 400, 413, 414, 415 and 422 refuse the content: a body of several records is then
/// halved until the ones at fault are found. All else is tried again, as nothing but time or the operator can cure it.
/// </summary>
internal sealed class HttpsSink : ISink
{
    private readonly HttpsOptions _options;
    private readonly TimeProvider _time;
    private readonly RenderedMessages _messages;
    private readonly HttpMessageInvoker _http;
    private readonly Func<string?> _refusal;

    /// <summary>A sink that dials with its first request.</summary>
    /// <exception cref="SinkException">The TLS files cannot be used.</exception>
    public HttpsSink(HttpsOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _messages = new RenderedMessages(options.Format, lines: options.IsBatch);
        (var tls, _refusal) = options.Tls.Load(time);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectTimeout = options.Timeout < TimeSpan.FromSeconds(3) ? options.Timeout : TimeSpan.FromSeconds(3),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(options.IsBatch ? 30 : 90),
            PooledConnectionLifetime = options.IsBatch ? TimeSpan.FromSeconds(30) : Timeout.InfiniteTimeSpan,
            MaxResponseDrainSize = 64 * 1024,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
        });
        Limits = options.IsBatch
            ? new SinkLimits(options.BatchBytes, 10_000, Linger: options.BatchInterval)
            : new SinkLimits(64 * 1024, 100);
    }

    /// <summary><c>https://</c> and <c>https-batch://</c> with the options of <see cref="HttpsOptions"/>.</summary>
    public static SinkKind Kind { get; } = new(["https", "https-batch"], "https-batch://logs.example.com/intake#format=ecs", (url, read) =>
    {
        var options = new HttpsOptions(url, read);
        return context => new HttpsSink(options, context.Time);
    });

    public SinkLimits Limits { get; }

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        _messages.Render(batch);
        if (_options.IsBatch)
        {
            return await PostAsync(batch, 0, _messages.Count, cancel);
        }

        for (var first = 0; first < _messages.Count;)
        {
            var end = EndOfRecord(first);
            for (var i = first; i < end && batch.State(_messages.RecordOf(first)) == RecordState.Pending; i++)
            {
                if (await PostOneAsync(batch, i, cancel) is { Failure: not null } failed)
                {
                    return failed;
                }
            }

            batch.Deliver(_messages.RecordOf(first));
            first = end;
        }

        return SinkAnswer.Settled;
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        _messages.Dispose();
        return ValueTask.CompletedTask;
    }

    // A gauge's metrics are several messages of one record, which is delivered when all of them are.
    private async Task<SinkAnswer> PostOneAsync(RecordBatch batch, int message, CancellationToken cancel)
    {
        var response = await SendAsync(_messages[message], cancel);
        if (response.Refused is { } reason)
        {
            batch.Refuse(_messages.RecordOf(message), reason, response.Answer.Failure!);
            return SinkAnswer.Settled;
        }

        return response.Answer;
    }

    private async Task<SinkAnswer> PostAsync(RecordBatch batch, int first, int count, CancellationToken cancel)
    {
        if (count == 0)
        {
            return SinkAnswer.Settled;
        }

        var response = await SendAsync(_messages.Range(first, count), cancel);
        if (response.Answer.Failure is null)
        {
            for (var i = first; i < first + count; i++)
            {
                batch.Deliver(_messages.RecordOf(i));
            }
        }

        if (response.Refused is not { } reason)
        {
            return response.Answer;
        }

        var middle = Middle(first, count);
        if (middle == first)
        {
            batch.Refuse(_messages.RecordOf(first), reason, response.Answer.Failure!);
            return SinkAnswer.Settled;
        }

        var answer = await PostAsync(batch, first, middle - first, cancel);
        return answer.Failure is null ? await PostAsync(batch, middle, first + count - middle, cancel) : answer;
    }

    // The first message of a record near the middle; the first message of all when there is but one record.
    private int Middle(int first, int count)
    {
        var middle = first + (count / 2);
        while (middle > first && _messages.RecordOf(middle) == _messages.RecordOf(middle - 1))
        {
            middle--;
        }

        return middle > first || EndOfRecord(first) == first + count ? middle : EndOfRecord(first);
    }

    private int EndOfRecord(int message)
    {
        var end = message + 1;
        while (end < _messages.Count && _messages.RecordOf(end) == _messages.RecordOf(message))
        {
            end++;
        }

        return end;
    }

    private async Task<HttpsResponse> SendAsync(ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        using var request = HttpsRequest.Make(_options, body);
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            return HttpsResponse.Of(response, _time.GetUtcNow());
        }
        catch (HttpRequestException e)
        {
            var reason = e.HttpRequestError == HttpRequestError.SecureConnectionError && _refusal() is { } refusal ? $"TLS failed: {refusal}" : PeerFailure.Text(e);
            return new HttpsResponse(SinkAnswer.Retry(reason), null);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new HttpsResponse(SinkAnswer.Retry($"no answer within {_options.Timeout.TotalSeconds:0.#} s"), null);
        }
    }
}
