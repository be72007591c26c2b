using System.Diagnostics.Metrics;
using Loggregator.Client;

namespace Loggregator.IntegrationTests.Client;

/// <summary>
/// The examples of the package's README, in its order: a test compares each method's body with the block there, others run them. Whoever changes one
/// changes both.
/// </summary>
internal static class ReadmeSamples
{
    public static async Task EmitAsync(string agent, CancellationToken cancel)
    {
        await using var emitter = new Emitter(new EmitterOptions { Agent = agent, SourceId = "shop", InstanceId = "0" });
        emitter.Log("order 17 was paid");
        emitter.Log("the printer is on fire", isError: true);
        emitter.Counter("orders");
        emitter.CounterTotal("bytes_read", 1_048_576);
        emitter.Gauges([new GaugeReading("cpu", 12.5, "percentage"), new GaugeReading("memory", 4096, "bytes")]);
        emitter.Timer("checkout", DateTimeOffset.UtcNow.AddMilliseconds(-12), DateTimeOffset.UtcNow);
        emitter.Event("deployed", "version 7", new EnvelopeDetails { Tags = [new("by", "ann")] });
        var counts = await emitter.FlushAsync(cancel);
        Console.WriteLine($"{counts.Sent} of {counts.Offered} are with the agent, {counts.Lost} are lost");
    }

    public static async Task EmitWithPolicyAsync(string agent)
    {
        var options = new EmitterOptions
        {
            Agent = agent,
            SourceId = "shop",
            WhenFull = WhenFull.DropOldest,
            CapacityBytes = 4 * 1024 * 1024,
            OnLoss = loss => Console.Error.WriteLine($"{loss.Count} envelopes lost: {loss.Reason} {loss.Detail}"),
        };
        await using var emitter = new Emitter(options);
        emitter.Log("never waits");
    }

    public static async Task EmitMetersAsync(string agent)
    {
        await using var emitter = new Emitter(new EmitterOptions { Agent = agent, SourceId = "shop" });
        using var shop = new Meter("Shop");
        var orders = shop.CreateCounter<long>("orders");
        await using var metrics = new MeterEmitter(emitter, ["Shop", "System.Runtime"], TimeSpan.FromSeconds(15));
        orders.Add(3);
        metrics.EmitNow();
    }

    public static async Task TailAsync(string url, CancellationToken cancel)
    {
        using var consumer = new Consumer(new ConsumerOptions { Url = new Uri(url) });
        var query = new StreamQuery { SourceIds = ["shop"], Types = EnvelopeTypes.Log, Lines = 10 };
        await foreach (var item in consumer.StreamAsync(query, cancel))
        {
            if (item is LogEnvelope log)
            {
                Console.WriteLine($"{log.Timestamp:HH:mm:ss} {log.SourceId}/{log.InstanceId} {log.Text}");
            }
        }
    }

    public static async Task FirehoseAsync(string url, string cursor, CancellationToken cancel)
    {
        using var consumer = new Consumer(new ConsumerOptions { Url = new Uri(url) });
        await foreach (var item in consumer.StreamAsync(new StreamQuery { ShardId = "billing", Cursor = cursor }, cancel))
        {
            Console.WriteLine(item switch
            {
                CounterEnvelope counter => $"{counter.SourceId} {counter.Name} is {counter.Total}",
                Envelope other => $"{other.SourceId} sent a {other.GetType().Name}",
                StreamGap gap => $"{gap.Count} envelopes of {gap.SourceId} were lost at the {gap.Hop}: {gap.Reason}",
                StreamDisconnected broken => $"disconnected: {broken.Reason}",
                StreamNotice notice => notice.Message,
                _ => "",
            });
            cursor = item.Cursor;
        }
    }

    public static async Task RecentAsync(string url, CancellationToken cancel)
    {
        using var consumer = new Consumer(new ConsumerOptions { Url = new Uri(url) });
        var query = new StreamQuery { SourceIds = ["shop"], Since = DateTimeOffset.UtcNow.AddMinutes(-10) };
        await foreach (var envelope in consumer.RecentAsync(query, cancel).OfType<Envelope>())
        {
            Console.WriteLine($"{envelope.Timestamp:O} {envelope.SourceId} {envelope.GetType().Name}");
        }
    }

    public static async Task ReverseLogProxyAsync(string proxy, CancellationToken cancel)
    {
        using var consumer = new ReverseLogProxyConsumer(new ReverseLogProxyOptions { Address = proxy });
        var query = new EgressQuery { Types = EnvelopeTypes.Log | EnvelopeTypes.Counter, ShardId = "billing" };
        await foreach (var item in consumer.StreamAsync(query, cancel))
        {
            Console.WriteLine(item is Envelope envelope ? $"{envelope.SourceId} {envelope.GetType().Name}" : item.GetType().Name);
        }
    }

    public static async Task NozzleAsync(string doppler, string cursor, CancellationToken cancel)
    {
        var query = new NozzleQuery { ShardId = "siem", Types = EnvelopeTypes.Log, Cursor = cursor };
        await using var nozzle = new NozzleConsumer(new NozzleOptions { Dopplers = [doppler], Member = "siem-1" }, query);
        await foreach (var batch in nozzle.ReadAllAsync(cancel))
        {
            foreach (var gap in batch.Gaps)
            {
                Console.WriteLine($"{gap.Count} envelopes of {gap.SourceId} are lost: {gap.Reason}");
            }

            foreach (var (id, envelope) in batch.Records)
            {
                Console.WriteLine($"{id} {envelope.SourceId}");
            }

            batch.Acknowledge();
        }
    }

    public static (EmitterOptions Emitting, ConsumerOptions Reading) Secure(string agent)
    {
        var tls = new ClientTls { CertificateFile = "client.crt", KeyFile = "client.key", AuthorityFile = "ca.crt" };
        var emitting = new EmitterOptions { Agent = agent, Tls = tls };
        var reading = new ConsumerOptions { Url = new Uri("https://logs.example.com"), Token = (refused, cancel) => FetchTokenAsync(refused, cancel) };
        return (emitting, reading);
    }

    private static ValueTask<string> FetchTokenAsync(bool refused, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new(refused ? "renewed" : "cached");
    }
}
