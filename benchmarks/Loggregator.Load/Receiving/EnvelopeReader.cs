using Google.Protobuf;
using Grpc.Core;
using Loggregator.Load.Accounting;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;

namespace Loggregator.Load.Receiving;

/// <summary>Reads <c>BatchedReceiver</c> on a connection of its own, and opens it again when it breaks. One loop runs it.</summary>
internal sealed class EnvelopeReader(CallInvoker invoker, EgressBatchRequest request, double rate, Tally tally) : IReader
{
    private long _breaks;

    public long Breaks => Volatile.Read(ref _breaks);

    public string LastError { get; private set; } = "";

    /// <summary>The request of readers with these options.</summary>
    public static EgressBatchRequest Request(LoadOptions options)
    {
        var request = new EgressBatchRequest { ShardId = options.ShardId, UsePreferredTags = options.PreferredTags };
        foreach (var type in options.Types)
        {
            var (name, argument) = type.Split(':', 2) is [var left, var right] ? (left, right) : (type, "");
            request.Selectors.Add(name switch
            {
                "log" => new Selector { Log = new LogSelector() },
                "counter" => new Selector { Counter = new CounterSelector { Name = argument } },
                "gauge" => new Selector { Gauge = new GaugeSelector() },
                "timer" => new Selector { Timer = new TimerSelector() },
                "event" => new Selector { Event = new EventSelector() },
                _ => throw new ArgumentException($"There is no envelope type '{name}': use log, counter, counter:NAME, gauge, timer or event."),
            });
        }

        return request;
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(cancel);
            }
            catch (RpcException e)
            {
                LastError = e.Status.ToString();
            }

            if (!cancel.IsCancellationRequested)
            {
                _breaks++;
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        using var message = MessageBuffer.Rent(request.CalculateSize());
        request.WriteTo(message);
        using var call = invoker.AsyncServerStreamingCall(RawMethods.BatchedReceiver, null, new CallOptions(cancellationToken: cancel), message);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            int count;
            using (var batch = call.ResponseStream.Current)
            {
                count = tally.TakeBatch(batch.Span);
            }

            if (rate > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(count / rate), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
