using System.Threading.Channels;
using Google.Protobuf;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController;
using Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Hosting.Telemetry;

/// <summary>
/// Sends a role's own numbers to the agent of its host as envelopes, beside <c>/metrics</c>, as the original does: the first after a whole interval,
/// differences of zero too. An agent that is not there is no reason for noise: the numbers are at <c>/metrics</c> all the same.
/// </summary>
internal sealed class SelfMetricsEmitter(SelfReport report, string agent, PeerConnector peers, IServiceProvider services, TimeProvider time) : BackgroundService
{
    private const int Capacity = 256 * 1024;
    private readonly long[] _sent = new long[report.Metrics.Length];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var channel = peers.Open(agent, PeerConnector.AgentName);
        var options = new EmitterOptions
        {
            WhenFull = WhenFull.DropNewest,
            CapacityBytes = Capacity,
            RetryFor = report.Interval,
            CloseTimeout = TimeSpan.Zero,
            TellLosses = false,
            Clock = time,
        };
        await using var emitter = new Emitter(options, channel.CreateCallInvoker());
        using var timer = new PeriodicTimer(report.Interval, time);
        var telling = report.Events is { } events ? TellAsync(events(services), emitter, stoppingToken) : Task.CompletedTask;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Tell(envelope => emitter.Emit(envelope.ToByteArray()));
            }
        }
        catch (OperationCanceledException)
        {
            // The role stops.
        }

        await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>One envelope per metric. What is not taken is in the next difference.</summary>
    internal void Tell(Func<Envelope, bool> send)
    {
        for (var i = 0; i < report.Metrics.Length; i++)
        {
            var value = report.Metrics[i].Read(services);
            if (send(Envelope(report.Metrics[i], value, value - _sent[i])))
            {
                _sent[i] = value;
            }
        }
    }

    // Without tags, as the original does it.
    private async Task TellAsync(ChannelReader<SelfEvent> events, Emitter emitter, CancellationToken cancel)
    {
        await foreach (var told in events.ReadAllAsync(cancel))
        {
            var envelope = Envelope();
            envelope.Event = new Event { Title = told.Title, Body = told.Body };
            emitter.Emit(envelope.ToByteArray());
        }
    }

    private Envelope Envelope() => new() { Timestamp = time.GetUnixNanoseconds(), SourceId = report.SourceId };

    private Envelope Envelope(SelfMetric metric, long value, long delta)
    {
        var envelope = Envelope();
        if (metric.Unit is { } unit)
        {
            envelope.Gauge = new Gauge { Metrics = { [metric.Name] = new GaugeValue { Unit = unit, Value = value } } };
        }
        else
        {
            envelope.Counter = report.Scraped
                ? new Counter { Name = metric.Name, Total = (ulong)value }
                : new Counter { Name = metric.Name, Delta = (ulong)Math.Max(0, delta) };
        }

        foreach (var (key, text) in metric.Tags.Prepend(("origin", report.Origin)))
        {
            if (report.Scraped)
            {
                envelope.Tags[key] = text;
            }
            else
            {
                envelope.DeprecatedTags[key] = new Value { Text = text };
            }
        }

        return envelope;
    }
}
