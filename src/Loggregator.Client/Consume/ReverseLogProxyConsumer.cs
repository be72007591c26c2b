using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client;

/// <summary>
/// Reads live envelopes from a reverse log proxy, ours or an original one, by <c>loggregator.v2.Egress/BatchedReceiver</c>. Any thread, any number of
/// streams. This protocol has no history and no cursor: what passes while a stream is disconnected is missing.
/// </summary>
public sealed class ReverseLogProxyConsumer : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ReverseLogProxyOptions _options;
    private readonly PeerCredentials? _credentials;
    private readonly GrpcChannel _channel;

    /// <summary>A consumer; nothing is dialled yet.</summary>
    /// <exception cref="ArgumentException">The address is of no use.</exception>
    /// <exception cref="CredentialsException">The certificates cannot be used.</exception>
    public ReverseLogProxyConsumer(ReverseLogProxyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!HostAndPort.TryParse(options.Address, out _))
        {
            throw new ArgumentException($"ReverseLogProxyOptions.Address is '{options.Address}': give host:port, for example 127.0.0.1:8083.", nameof(options));
        }

        _options = options;
        _credentials = options.Tls?.ForPeer(options.Clock);
        _channel = new PeerConnector(_credentials).Open(options.Address, options.Tls?.ServerName ?? PeerConnector.ReverseLogProxyName);
    }

    /// <summary>
    /// Yields what comes until <paramref name="cancel"/> or the end of the enumeration; when the call ends it is made again, with growing pauses. A reader
    /// that is too slow loses at the server, which says so with a counter <c>dropped</c> if counters are asked for.
    /// </summary>
    /// <param name="query">What to read.</param>
    /// <param name="cancel">Ends it, with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="StreamRefusedException">The request, the token or the certificate is wrong.</exception>
    public IAsyncEnumerable<StreamItem> StreamAsync(EgressQuery query, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        return ReadAsync(query, cancel);
    }

    /// <summary>Ends the connection.</summary>
    public void Dispose()
    {
        _channel.Dispose();
        _credentials?.Dispose();
    }

    private async IAsyncEnumerable<StreamItem> ReadAsync(EgressQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var backoff = new Backoff(FirstPause, LongestPause);
        var (attempts, readBefore, refused) = (0, false, false);
        while (true)
        {
            var headers = await HeadersAsync(refused, cancel).ConfigureAwait(false);
            using var request = MessageBuffer.Rent(1024);
            query.Request().WriteTo(request);
            var started = _options.Clock.GetTimestamp();
            using var call = _channel.CreateCallInvoker().AsyncServerStreamingCall(
                RawMethods.BatchedReceiver, null, new CallOptions(headers, cancellationToken: cancel), request);
            string failure;
            while (true)
            {
                MessageBuffer? batch;
                (batch, failure, var status) = await NextAsync(call.ResponseStream, cancel).ConfigureAwait(false);
                if (batch is null)
                {
                    if (IsFinal(status, refused || _options.Token is null))
                    {
                        throw new StreamRefusedException($"{_options.Address} refused: {failure}.");
                    }

                    refused = status == StatusCode.Unauthenticated;
                    break;
                }

                if (attempts > 0 && readBefore)
                {
                    yield return new StreamReconnected();
                }

                (attempts, readBefore, refused) = (0, true, false);
                using (batch)
                {
                    foreach (var envelope in ProtobufEnvelopes.Read(batch.Memory))
                    {
                        yield return envelope;
                    }
                }
            }

            yield return new StreamDisconnected { Reason = failure, Attempts = ++attempts };
            backoff.ResetAfter(_options.Clock.GetElapsedTime(started));
            await Task.Delay(backoff.Next(), _options.Clock, cancel).ConfigureAwait(false);
        }
    }

    private static async ValueTask<(MessageBuffer? Batch, string Failure, StatusCode Status)> NextAsync(
        IAsyncStreamReader<MessageBuffer> stream, CancellationToken cancel)
    {
        try
        {
            return await stream.MoveNext(cancel).ConfigureAwait(false) ? (stream.Current, "", StatusCode.OK) : (null, "the server ended the stream", StatusCode.OK);
        }
        catch (RpcException e)
        {
            cancel.ThrowIfCancellationRequested();
            return (null, PeerFailure.Text(e), e.StatusCode);
        }
    }

    private static bool IsFinal(StatusCode status, bool tokenIsFinal) => status switch
    {
        StatusCode.InvalidArgument or StatusCode.Unimplemented or StatusCode.PermissionDenied => true,
        StatusCode.Unauthenticated => tokenIsFinal,
        _ => false,
    };

    private async ValueTask<Metadata?> HeadersAsync(bool refused, CancellationToken cancel) =>
        _options.Token is { } token && await token(refused, cancel).ConfigureAwait(false) is { Length: > 0 } given
            ? new Metadata { { "authorization", Authorization(given) } }
            : null;

    private static string Authorization(string token) => token.Contains(' ', StringComparison.Ordinal) ? token : "Bearer " + token;
}
