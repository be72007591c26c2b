using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class EnvelopeSelectorTests
{
    private static readonly Envelope Ab = new() { SourceId = "s", Gauge = new Gauge { Metrics = { ["a"] = new GaugeValue(), ["b"] = new GaugeValue() } } };

    [Theory]
    [InlineData(true, "a", "b")]
    [InlineData(true, "b", "a")]
    [InlineData(true)]
    [InlineData(false, "a")]
    [InlineData(false, "a", "b", "c")]
    [InlineData(false, "a", "a", "b")]
    [InlineData(false, "")]
    public void Matches_OfGaugeNames_WantsExactlyThisSet(bool matches, params string[] names) =>
        Assert.Equal(matches, Matches(new Selector { Gauge = new GaugeSelector { Names = { names } } }, Ab));

    [Fact]
    public void Matches_OfOneEmptyGaugeName_TakesAGaugeWithoutMetricsToo()
    {
        var selector = new Selector { Gauge = new GaugeSelector { Names = { "" } } };
        Assert.True(Matches(selector, new Envelope { Gauge = new Gauge() }));
        Assert.True(Matches(selector, new Envelope { Gauge = new Gauge { Metrics = { [""] = new GaugeValue() } } }));
        Assert.False(Matches(selector, new Envelope { Gauge = new Gauge { Metrics = { ["a"] = new GaugeValue() } } }));
    }

    [Fact]
    public void Matches_OfRepeatedMetricKeys_CountsThemOnce()
    {
        byte[] twice = [.. Ab.ToByteArray(), .. Ab.ToByteArray()];
        Assert.True(RawEnvelope.TryRead(twice, out var header));
        Assert.True(new EnvelopeSelector(new Selector { Gauge = new GaugeSelector { Names = { "a", "b" } } }).Matches(header, twice));
    }

    [Fact]
    public void Matches_WithoutAType_SelectsNothing()
    {
        Assert.False(Matches(new Selector(), new Envelope()));
        Assert.False(Matches(new Selector { SourceId = "s" }, Ab));
    }

    [Fact]
    public void Matches_OfASourceId_IsExact()
    {
        var selector = new Selector { SourceId = "s", Gauge = new GaugeSelector() };
        Assert.True(Matches(selector, Ab));
        Assert.False(Matches(selector, new Envelope { SourceId = "S", Gauge = new Gauge() }));
        Assert.False(Matches(selector, new Envelope { Gauge = new Gauge() }));
    }

    [Fact]
    public void Matches_OfAnyEnvelope_AgreesWithItsDecodedForm() =>
        Gen.Select(EnvelopeGen.Merged, EnvelopeGen.Selectors).Sample(
            (bytes, selector) =>
            {
                Assert.True(RawEnvelope.TryRead(bytes, out var header));
                Assert.Equal(Expected(selector, Envelope.Parser.ParseFrom(bytes)), new EnvelopeSelector(selector).Matches(header, bytes));
            },
            seed: "0000Kz1Bd8Q8",
            iter: 3_000);

    [Fact]
    public void Equals_OfTheSameGaugeNamesInAnotherOrder_IsTrue()
    {
        var one = new EnvelopeSelector(new Selector { SourceId = "s", Gauge = new GaugeSelector { Names = { "a", "b" } } });
        var other = new EnvelopeSelector(new Selector { SourceId = "s", Gauge = new GaugeSelector { Names = { "b", "a" } } });
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, new EnvelopeSelector(new Selector { SourceId = "s", Gauge = new GaugeSelector() }));
        Assert.NotEqual(one, new EnvelopeSelector(new Selector { SourceId = "s", Log = new LogSelector() }));
    }

    private static bool Expected(Selector selector, Envelope envelope) =>
        (selector.SourceId.Length == 0 || selector.SourceId == envelope.SourceId)
        && selector.MessageCase switch
        {
            Selector.MessageOneofCase.Log => envelope.Log is not null,
            Selector.MessageOneofCase.Counter => envelope.Counter is not null && (selector.Counter.Name.Length == 0 || selector.Counter.Name == envelope.Counter.Name),
            Selector.MessageOneofCase.Gauge => envelope.Gauge is not null
                && (selector.Gauge.Names.Count == 0
                    || selector.Gauge.Names.Order(StringComparer.Ordinal).SequenceEqual(envelope.Gauge.Metrics.Keys.Order(StringComparer.Ordinal))
                    || (selector.Gauge.Names is [""] && envelope.Gauge.Metrics.Count == 0)),
            Selector.MessageOneofCase.Timer => envelope.Timer is not null,
            Selector.MessageOneofCase.Event => envelope.Event is not null,
            _ => false,
        };

    private static bool Matches(Selector selector, Envelope envelope)
    {
        var bytes = envelope.ToByteArray();
        Assert.True(RawEnvelope.TryRead(bytes, out var header));
        return new EnvelopeSelector(selector).Matches(header, bytes);
    }
}
