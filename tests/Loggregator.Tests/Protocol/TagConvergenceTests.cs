using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class TagConvergenceTests
{
    [Theory]
    [InlineData("rlp-preferred.hex", true)]
    [InlineData("rlp-deprecated.hex", false)]
    public void Write_OfTheGoldenInputs_EqualsTheOriginalsReverseLogProxy(string file, bool preferred)
    {
        var expected = Golden.Envelopes(file).Select(Envelope.Parser.ParseFrom).ToArray();
        var actual = Golden.InputsWithPayload().Select(input => Converge(input, preferred)).ToArray();
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Write_OfAnyEnvelope_LeavesOneMapAndEverythingElse() =>
        Gen.Select(EnvelopeGen.Merged, Gen.Bool).Sample(
            (bytes, preferred) =>
            {
                var expected = Envelope.Parser.ParseFrom(bytes);
                if (preferred)
                {
                    foreach (var (key, value) in expected.DeprecatedTags.Where(tag => tag.Value.DataCase is Value.DataOneofCase.Text or Value.DataOneofCase.Integer))
                    {
                        expected.Tags[key] = value.DataCase == Value.DataOneofCase.Text ? value.Text : FormattableString.Invariant($"{value.Integer}");
                    }
                }
                else
                {
                    foreach (var (key, value) in expected.Tags)
                    {
                        expected.DeprecatedTags[key] = new Value { Text = value };
                    }
                }

                var decimals = preferred ? expected.DeprecatedTags.Where(tag => tag.Value.DataCase == Value.DataOneofCase.Decimal).Select(tag => tag.Key).ToArray() : [];
                (preferred ? (Action)expected.DeprecatedTags.Clear : expected.Tags.Clear)();
                var actual = Converge(bytes, preferred);
                foreach (var key in decimals)
                {
                    Assert.True(actual.Tags.Remove(key));
                    expected.Tags.Remove(key);
                }

                Assert.Equal(expected, actual);
            },
            seed: "0000Kz1Bd8Q7",
            iter: 1_500);

    [Theory]
    [InlineData(0.8, "0.8", "0.8")]
    [InlineData(18.0, "18", "18")]
    [InlineData(1e20, "100000000000000000000", "100000000000000000000")]
    [InlineData(1e21, "1e+21", "1000000000000000000000")]
    [InlineData(0.0001, "0.0001", "0.0001")]
    [InlineData(0.00001234, "1.234e-05", "0.00001234")]
    [InlineData(-2.5e-100, "-2.5e-100", null)]
    [InlineData(double.NaN, "NaN", "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf", "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf", "-Inf")]
    public void Write_OfADecimal_PrintsItAsTheOriginalDoes(double value, string converged, string? atTheAgent)
    {
        var envelope = new Envelope { DeprecatedTags = { ["d"] = new Value { Decimal = value } } }.ToByteArray();
        Assert.Equal(converged, Converge(envelope, preferred: true).Tags["d"]);
        if (atTheAgent is not null)
        {
            Assert.Equal(atTheAgent, Append(envelope).Tags["d"]);
        }
    }

    [Fact]
    public void Write_OfAnUnsetValue_DropsTheTagEvenIfAnEarlierOneWasSet()
    {
        byte[] envelope =
        [
            .. new Envelope { DeprecatedTags = { ["d"] = new Value { Text = "x" } } }.ToByteArray(),
            .. new Envelope { DeprecatedTags = { ["d"] = new Value() } }.ToByteArray(),
        ];
        Assert.Equal(new Envelope(), Converge(envelope, preferred: true));
    }

    [Fact]
    public void IsNeeded_WithoutTagsOfTheOtherKind_IsFalse()
    {
        Assert.False(TagConvergence.IsNeeded(EnvelopeFlags.Tags, preferred: true));
        Assert.True(TagConvergence.IsNeeded(EnvelopeFlags.DeprecatedTags | EnvelopeFlags.Tags, preferred: true));
        Assert.False(TagConvergence.IsNeeded(EnvelopeFlags.DeprecatedTags, preferred: false));
        Assert.True(TagConvergence.IsNeeded(EnvelopeFlags.Tags, preferred: false));
    }

    [Fact]
    public void AppendDeprecatedAsTags_LeavesThemAndOverridesTags()
    {
        var envelope = new Envelope { Tags = { ["a"] = "old", ["b"] = "kept" }, DeprecatedTags = { ["a"] = new Value { Integer = -7 } } };
        var result = Append(envelope.ToByteArray());
        envelope.Tags["a"] = "-7";
        Assert.Equal(envelope, result);
    }

    private static Envelope Converge(byte[] envelope, bool preferred)
    {
        var writer = new ArrayBufferWriter<byte>();
        TagConvergence.Write(writer, envelope, preferred);
        Assert.True(RawEnvelope.TryRead(writer.WrittenSpan, out var header));
        Assert.False(TagConvergence.IsNeeded(header.Flags, preferred));
        return Envelope.Parser.ParseFrom(writer.WrittenSpan);
    }

    private static Envelope Append(byte[] envelope)
    {
        var writer = new ArrayBufferWriter<byte>();
        writer.Write(envelope);
        TagConvergence.AppendDeprecatedAsTags(writer, envelope);
        return Envelope.Parser.ParseFrom(writer.WrittenSpan);
    }
}
