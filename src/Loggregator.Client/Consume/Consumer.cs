using System.Runtime.CompilerServices;
using System.Text;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume;

namespace Loggregator.Client;

/// <summary>Reads from a Traffic Controller of ours, over HTTP. Any thread, any number of streams.</summary>
public sealed class Consumer : IDisposable
{
    private readonly HttpClient _http;
    private readonly ConsumerOptions _options;

    /// <summary>A consumer; nothing is dialled yet.</summary>
    /// <exception cref="ArgumentException">The address is of no use.</exception>
    /// <exception cref="CredentialsException">The certificates cannot be used.</exception>
    public Consumer(ConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Url is not { IsAbsoluteUri: true, Scheme: "http" or "https" })
        {
            throw new ArgumentException($"ConsumerOptions.Url is '{options.Url}': give http://host:port or https://host:port.", nameof(options));
        }

        _options = options;
        _http = options.Handler is { } handler
            ? new HttpClient(handler, disposeHandler: false) { BaseAddress = options.Url, Timeout = Timeout.InfiniteTimeSpan }
            : HttpConnector.Open(options.Url, options.Tls, options.Clock);
    }

    /// <summary>
    /// Yields what comes until <paramref name="cancel"/> or the end of the enumeration. When the connection breaks it is made again by itself, growing
    /// pauses in between, and goes on where it broke: what the Dopplers still hold is neither missed nor seen twice. The envelopes wait in the server's log
    /// while they are not asked for; what it drops meanwhile comes as a <see cref="StreamGap"/>.
    /// </summary>
    /// <param name="query">What to read.</param>
    /// <param name="cancel">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="StreamRefusedException">The request or the token is wrong; the message is the server's.</exception>
    public IAsyncEnumerable<StreamItem> StreamAsync(StreamQuery query, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        return ReadAsync(query, cancel);
    }

    /// <summary>
    /// Yields what is held, oldest first, and ends: without <see cref="StreamQuery.Lines"/> and <see cref="StreamQuery.Since"/> the last 100.
    /// It is not tried again.
    /// </summary>
    /// <param name="query">What to read.</param>
    /// <param name="cancel">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="StreamRefusedException">The request or the token is wrong; the message is the server's.</exception>
    /// <exception cref="StreamBrokenException">There is no connection, or it broke before the end.</exception>
    public IAsyncEnumerable<StreamItem> RecentAsync(StreamQuery query, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        return ReadAsync(query with { NoFollow = true }, cancel);
    }

    /// <summary>Ends the connections.</summary>
    public void Dispose() => _http.Dispose();

    private async IAsyncEnumerable<StreamItem> ReadAsync(StreamQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var stream = new LogStream(_http, query, _options.Clock, _options.Token);
        var attempts = 0;
        await foreach (var happened in stream.ReadAsync(cancel).ConfigureAwait(false))
        {
            switch (happened.Kind)
            {
                case StreamEventKind.Batch:
                    attempts = 0;
                    var envelopes = StreamJson.Batch(happened.Payload);
                    for (var i = 0; i < envelopes.Count; i++)
                    {
                        envelopes[i].Cursor = i < envelopes.Count - 1 ? stream.Cursor : happened.Cursor;
                        yield return envelopes[i];
                    }

                    break;
                case StreamEventKind.Disconnected when query.NoFollow:
                    throw new StreamBrokenException($"{_options.Url} cannot be read: {Encoding.UTF8.GetString(happened.Payload.Span)}.");
                case StreamEventKind.Disconnected:
                    yield return new StreamDisconnected { Reason = Encoding.UTF8.GetString(happened.Payload.Span), Attempts = ++attempts, Cursor = stream.Cursor };
                    break;
                case StreamEventKind.End:
                    yield break;
                default:
                    var item = StreamJson.Item(happened);
                    item.Cursor = stream.Cursor;
                    yield return item;
                    break;
            }
        }
    }
}
