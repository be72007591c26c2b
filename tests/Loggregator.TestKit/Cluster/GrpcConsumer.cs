using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Protocol.V2;

namespace Loggregator.TestKit.Cluster;

/// <summary>Reads <c>BatchedReceiver</c> of a reverse log proxy or Doppler as an original consumer does.</summary>
public sealed class GrpcConsumer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly GrpcChannel _channel;
    private readonly Task _reading;

    internal GrpcConsumer(GrpcChannel channel, EgressBatchRequest request)
    {
        _channel = channel;
        _reading = Task.Run(() => ReadAsync(request));
    }

    /// <summary>What came.</summary>
    public Tally Tally { get; } = new();

    /// <summary>Close it to stop reading.</summary>
    public Gate Gate { get; } = new();

    /// <summary>How the stream ended; null while it lasts.</summary>
    public RpcException? Failure { get; private set; }

    /// <summary>Completes when the stream has ended.</summary>
    public Task Ended => _reading;

    /// <summary>A request for the logs of sources (all when none is named), and for the gap records of these.</summary>
    public static EgressBatchRequest Logs(params string[] sources) => Request("", sources);

    /// <summary>Like <see cref="Logs"/>, as a member of a shard group.</summary>
    public static EgressBatchRequest Shard(string shardId, params string[] sources) => Request(shardId, sources);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Gate.Open();
        await _reading;
        _channel.Dispose();
        _stopping.Dispose();
    }

    private static EgressBatchRequest Request(string shardId, string[] sources)
    {
        var request = new EgressBatchRequest { ShardId = shardId, UsePreferredTags = true };
        foreach (var source in sources.DefaultIfEmpty(""))
        {
            request.Selectors.Add(new Selector { SourceId = source, Log = new LogSelector() });
            request.Selectors.Add(new Selector { SourceId = source, Counter = new CounterSelector { Name = "dropped" } });
        }

        return request;
    }

    private async Task ReadAsync(EgressBatchRequest request)
    {
        try
        {
            using var call = new Egress.EgressClient(_channel).BatchedReceiver(request, cancellationToken: _stopping.Token);
            while (true)
            {
                await Gate.PassAsync(_stopping.Token);
                if (!await call.ResponseStream.MoveNext(_stopping.Token))
                {
                    return;
                }

                foreach (var envelope in call.ResponseStream.Current.Batch)
                {
                    Tally.Add(envelope);
                }
            }
        }
        catch (RpcException e) when (!_stopping.IsCancellationRequested)
        {
            Failure = e;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // The test ends it.
        }
    }
}
