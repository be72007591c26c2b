using System.Diagnostics.Metrics;
using Loggregator.Client;
using Loggregator.TestKit.Cluster;
using Loggregator.Tests.Client.Emit;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Tests.Client;

public sealed class MeterEmitterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instruments_BecomeCountersAndGauges()
    {
        using var meter = new Meter(nameof(Instruments_BecomeCountersAndGauges));
        var total = 100L;
        var counter = meter.CreateCounter<int>("hits");
        meter.CreateObservableCounter("reads", () => total);
        meter.CreateObservableGauge("heat", () => 36.6f, "celsius");
        var level = meter.CreateUpDownCounter<long>("level");
        var latency = meter.CreateHistogram<double>("latency", "ms");
        var first = await EmitAsync(meter, () =>
        {
            counter.Add(2);
            counter.Add(3);
            level.Add(5);
            level.Add(-7);
            latency.Record(10);
            latency.Record(30);
        });
        Assert.Equal(
            ["heat=36.599998 celsius", "hits+5", "latency.count+2", "latency.mean=20 ms,latency.max=30 ms", "level=-2 ", "reads+100"],
            first.Select(Words).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Counter_SecondTime_TellsTheDifferenceAndZero()
    {
        using var meter = new Meter(nameof(Counter_SecondTime_TellsTheDifferenceAndZero));
        var total = 100L;
        var fraction = meter.CreateCounter<double>("fraction");
        meter.CreateObservableCounter("reads", () => total);
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions(), agent);
        await using var metrics = new MeterEmitter(emitter, [meter.Name], TimeSpan.FromMinutes(1));
        foreach (var next in new[] { 100L, 104, 104, 3 })
        {
            total = next;
            fraction.Add(0.75);
            metrics.EmitNow();
        }

        await emitter.FlushAsync(Cancel);
        Assert.Equal([100UL, 4, 0, 3], agent.Envelopes.Where(envelope => envelope.Counter.Name == "reads").Select(envelope => envelope.Counter.Delta));
        Assert.Equal([0UL, 1, 1, 1], agent.Envelopes.Where(envelope => envelope.Counter.Name == "fraction").Select(envelope => envelope.Counter.Delta));
    }

    [Fact]
    public async Task Tags_AreTheEnvelopesWhateverTheirOrder()
    {
        using var meter = new Meter(nameof(Tags_AreTheEnvelopesWhateverTheirOrder));
        var counter = meter.CreateCounter<long>("hits");
        var envelopes = await EmitAsync(meter, () =>
        {
            counter.Add(1, new KeyValuePair<string, object?>("path", "/"), new("code", 200));
            counter.Add(1, new KeyValuePair<string, object?>("code", 200), new("path", "/"));
            counter.Add(1, new KeyValuePair<string, object?>("code", null));
        });
        Assert.Equal(["hits+1 code=", "hits+2 code=200 path=/"], envelopes.Select(envelope =>
            Words(envelope) + string.Concat(envelope.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $" {tag.Key}={tag.Value}"))).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task InventedTags_AreBoundedAndCounted()
    {
        using var meter = new Meter(nameof(InventedTags_AreBoundedAndCounted));
        var counter = meter.CreateCounter<long>("hits");
        await using var emitter = new Emitter(new EmitterOptions(), new FakeAgent());
        await using var metrics = new MeterEmitter(emitter, [meter.Name], TimeSpan.FromMinutes(1));
        for (var i = 0; i < MeterEmitter.MaxSeries + 10; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        Assert.Equal(10, metrics.Ignored);
    }

    [Fact]
    public async Task Interval_EmitsByItselfAndOtherMetersAreNotHeard()
    {
        using var meter = new Meter(nameof(Interval_EmitsByItselfAndOtherMetersAreNotHeard));
        using var other = new Meter("other");
        var time = new FakeTimeProvider();
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions { Clock = time }, agent);
        await using var metrics = new MeterEmitter(emitter, [meter.Name], TimeSpan.FromSeconds(10));
        meter.CreateObservableGauge<int>("broken", int () => throw new InvalidOperationException("the user's"));
        meter.CreateCounter<long>("hits").Add(1);
        other.CreateCounter<long>("unheard").Add(1);
        time.Advance(TimeSpan.FromSeconds(10));
        await Deadline.UntilAsync(() => agent.Envelopes.Count == 1, () => "the interval's end emits", Cancel);
        Assert.Equal("hits+1", Words(agent.Envelopes[0]));
    }

    private static string Words(Envelope envelope) => envelope.MessageCase == Envelope.MessageOneofCase.Counter
        ? $"{envelope.Counter.Name}+{envelope.Counter.Delta}"
        : string.Join(',', envelope.Gauge.Metrics.Select(metric => FormattableString.Invariant($"{metric.Key}={Math.Round(metric.Value.Value, 6)} {metric.Value.Unit}")));

    private static async Task<IReadOnlyList<Envelope>> EmitAsync(Meter meter, Action measure)
    {
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions(), agent);
        await using var metrics = new MeterEmitter(emitter, [meter.Name], TimeSpan.FromMinutes(1));
        measure();
        metrics.EmitNow();
        await emitter.FlushAsync(Cancel);
        return agent.Envelopes;
    }
}
