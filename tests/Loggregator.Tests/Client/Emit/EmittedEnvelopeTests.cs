using System.Text;
using Google.Protobuf;
using Loggregator.Client;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Tests.Client.Emit;

/// <summary>What each call puts on the wire, and what becomes of bad input.</summary>
public sealed class EmittedEnvelopeTests
{
    private const long Now = 1_700_000_000_123_456_700;
    private static readonly DateTimeOffset Clock = DateTimeOffset.UnixEpoch.AddTicks(Now / 100);

    [Fact]
    public async Task EachCall_BecomesItsEnvelope()
    {
        var start = Clock - TimeSpan.FromSeconds(2);
        var envelopes = await EmitAsync(emitter =>
        {
            emitter.Log("out");
            emitter.LogBytes([1, 0xFF], isError: true);
            emitter.Counter("requests");
            emitter.Counter("bytes", 512);
            emitter.CounterTotal("seen", 99);
            emitter.Gauge("cpu", 0.5, "percentage");
            emitter.Gauges([new GaugeReading("a", 1), new GaugeReading("b", -2, "ms")]);
            emitter.Gauges([]);
            emitter.Timer("http", start, Clock);
            emitter.Event("deployed", "version 7");
        });
        Envelope[] expected =
        [
            new() { Log = new Log { Payload = ByteString.CopyFromUtf8("out") } },
            new() { Log = new Log { Payload = ByteString.CopyFrom(1, 0xFF), Type = Log.Types.Type.Err } },
            new() { Counter = new Counter { Name = "requests", Delta = 1 } },
            new() { Counter = new Counter { Name = "bytes", Delta = 512 } },
            new() { Counter = new Counter { Name = "seen", Total = 99 } },
            new() { Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Value = 0.5, Unit = "percentage" } } } },
            new() { Gauge = new Gauge { Metrics = { ["a"] = new GaugeValue { Value = 1 }, ["b"] = new GaugeValue { Value = -2, Unit = "ms" } } } },
            new() { Gauge = new Gauge() },
            new() { Timer = new global::Loggregator.Protocol.V2.Timer { Name = "http", Start = Now - 2_000_000_000, Stop = Now } },
            new() { Event = new Event { Title = "deployed", Body = "version 7" } },
        ];
        foreach (var envelope in expected)
        {
            envelope.Timestamp = Now;
            envelope.SourceId = "shop";
            envelope.InstanceId = "3";
            envelope.Tags["zone"] = "a";
        }

        Assert.Equal(expected, envelopes);
    }

    [Fact]
    public async Task Details_TakeTheDefaultsPlace()
    {
        var details = new EnvelopeDetails
        {
            SourceId = "cart",
            InstanceId = "",
            Tags = [new("zone", "b"), new("path", "/")],
            Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(1),
        };
        var envelope = Assert.Single(await EmitAsync(emitter => emitter.Log("x", details: details)));
        Assert.Equal(("cart", "", 1_000_000_000L), (envelope.SourceId, envelope.InstanceId, envelope.Timestamp));
        Assert.Equal(new Dictionary<string, string> { ["zone"] = "b", ["path"] = "/" }, envelope.Tags);
    }

    [Fact]
    public async Task Timestamps_OutOfRange_AreClamped()
    {
        var envelopes = await EmitAsync(emitter => emitter.Timer("t", DateTimeOffset.MinValue, DateTimeOffset.MaxValue));
        Assert.True(envelopes[0].Timer.Start < 0);
        Assert.True(envelopes[0].Timer.Stop > Now);
    }

    [Fact]
    public async Task Log_LongerThanAnEnvelopeMayBe_IsCutBetweenCharacters()
    {
        var text = string.Concat(Enumerable.Repeat("aä€😀", 100));
        var envelopes = await EmitAsync(emitter => Assert.True(emitter.Log(text)), options => options.MaxLogBytes = 16);
        Assert.True(envelopes.Count > 50);
        Assert.All(envelopes, envelope => Assert.InRange(envelope.Log.Payload.Length, 1, 16));
        Assert.Equal(text, string.Concat(envelopes.Select(envelope => envelope.Log.Payload.ToStringUtf8())));

        var bytes = Enumerable.Repeat((byte)0x80, 100).ToArray(); // no text at all
        envelopes = await EmitAsync(emitter => emitter.LogBytes(bytes), options => options.MaxLogBytes = 16);
        Assert.Equal(bytes, envelopes.SelectMany(envelope => envelope.Log.Payload));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\u001b[31m\r\n\u202e")]
    [InlineData("lone \ud800 surrogate \udc00")]
    [InlineData("{\"json\":\"' OR 1=1 --\"}")]
    public async Task HostileTexts_ComeAsValidUtf8EverywhereAndHarmNothing(string text)
    {
        var details = new EnvelopeDetails { SourceId = text, InstanceId = text, Tags = [new(text, text), new("null", null!)] };
        var envelopes = await EmitAsync(emitter =>
        {
            emitter.Log(text, details: details);
            emitter.Counter(text, details: details);
            emitter.Gauges([new GaugeReading(text, double.NaN, null!)], details);
            emitter.Timer(text, Clock, Clock, details);
            emitter.Event(text, text, details);
        });
        var clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        Assert.Equal(5, envelopes.Count);
        Assert.All(envelopes, envelope => Assert.Equal((clean, clean, clean), (envelope.SourceId, envelope.InstanceId, envelope.Tags[clean])));
        Assert.Equal((clean, clean, clean), (envelopes[0].Log.Payload.ToStringUtf8(), envelopes[1].Counter.Name, envelopes[3].Timer.Name));
    }

    [Fact]
    public async Task Nulls_AreRefusedAtOnce()
    {
        await using var emitter = new Emitter(new EmitterOptions(), new FakeAgent());
        Assert.Throws<ArgumentNullException>(() => emitter.Log(null!));
        Assert.Throws<ArgumentNullException>(() => emitter.Counter(null!));
        Assert.Throws<ArgumentNullException>(() => emitter.Gauge(null!, 1));
        Assert.Throws<ArgumentNullException>(() => emitter.Timer(null!, Clock, Clock));
        Assert.Throws<ArgumentNullException>(() => emitter.Event("title", null!));
        Assert.Equal(0, emitter.Counts.Offered);
    }

    [Fact]
    public async Task Oversize_IsLostAsTooLargeAndTheRestGoesOn()
    {
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions { SourceId = "shop", MaxEnvelopeBytes = 1000 }, agent);
        Assert.False(emitter.Event("title", new string('x', 1001)));
        Assert.False(emitter.Log("x", details: new EnvelopeDetails { Tags = [new("big", new string('x', 5_000_000))] }));
        Assert.True(emitter.Log("small"));
        var counts = await emitter.CompleteAsync(TestContext.Current.CancellationToken);
        EmitterTests.AssertCounts(counts, offered: 3, sent: 1, lost: 2);
        Assert.Equal(2, counts.LostByReason[EmitLossReason.TooLarge]);
        Assert.All(agent.Gaps, gap => Assert.Equal(("shop", "too_large"), (gap.SourceId, gap.Tags["reason"])));
        Assert.Equal(2UL, agent.Gaps.Aggregate(0UL, (sum, gap) => sum + gap.Counter.Delta));
    }

    [Fact]
    public async Task Emit_SerialisedEnvelope_PassesUnchangedAndGarbageIsInvalid()
    {
        var agent = new FakeAgent();
        var envelope = new Envelope { SourceId = "verbatim", Timestamp = 5, Event = new Event { Title = "t", Body = "b" } };
        await using var emitter = new Emitter(new EmitterOptions { SourceId = "shop", Tags = { ["zone"] = "a" } }, agent);
        Assert.True(emitter.Emit(envelope.ToByteArray()));
        Assert.False(emitter.Emit([0x12, 0x7F, 1]));
        Assert.False(emitter.Emit([0x12, 2, 0xC0, 0x80])); // a source id that is no UTF-8
        var counts = await emitter.CompleteAsync(TestContext.Current.CancellationToken);
        EmitterTests.AssertCounts(counts, offered: 3, sent: 1, lost: 2);
        Assert.Equal(2, counts.LostByReason[EmitLossReason.Invalid]);
        Assert.Contains(envelope, agent.Envelopes);
    }

    [Fact]
    public void Options_OfNoUse_AreRefusedWithTheirNameAndTheCure()
    {
        Assert.Contains("Agent is 'nowhere': give host:port", Refusal(options => options.Agent = "nowhere"), StringComparison.Ordinal);
        Assert.Contains("CapacityBytes must be positive", Refusal(options => options.CapacityBytes = 0), StringComparison.Ordinal);
        Assert.Contains("BatchDelay must be", Refusal(options => options.BatchDelay = TimeSpan.FromDays(1)), StringComparison.Ordinal);
        Assert.Contains("SourceId is null", Refusal(options => options.SourceId = null!), StringComparison.Ordinal);
        Assert.Contains("Tags has a tag without value", Refusal(options => options.Tags["x"] = null!), StringComparison.Ordinal);
        Assert.Throws<CredentialsException>(() => new Emitter(new EmitterOptions { Tls = new ClientTls { CertificateFile = "only.crt" } }));
        Assert.Throws<ArgumentNullException>(() => new Emitter(null!));
    }

    private static string Refusal(Action<EmitterOptions> set)
    {
        var options = new EmitterOptions();
        set(options);
        return Assert.Throws<ArgumentException>(() => new Emitter(options)).Message;
    }

    private static async Task<IReadOnlyList<Envelope>> EmitAsync(Action<Emitter> emit, Action<EmitterOptions>? set = null)
    {
        var agent = new FakeAgent();
        var options = new EmitterOptions { SourceId = "shop", InstanceId = "3", Tags = { ["zone"] = "a" }, Clock = new FakeTimeProvider(Clock) };
        set?.Invoke(options);
        await using var emitter = new Emitter(options, agent);
        emit(emitter);
        await emitter.FlushAsync(TestContext.Current.CancellationToken);
        return agent.Envelopes;
    }
}
