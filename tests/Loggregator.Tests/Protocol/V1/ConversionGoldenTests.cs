using Xunit;
using DropsondeRecord = Loggregator.Protocol.Dropsonde.Envelope;
using V2Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Tests.Protocol.V1;

/// <summary>What the original's programs made of the same bytes.</summary>
public sealed class ConversionGoldenTests
{
    [Fact]
    public void V2ToV1_OfTheInputs_IsWhatAnOriginalDopplerSends()
    {
        var expected = Golden.Envelopes("doppler-v1.hex").Select(bytes => DropsondeRecord.Parser.ParseFrom(bytes)).ToList();
        var converted = Golden.Envelopes("inputs.hex").SelectMany(Convert.ToV1).Select(bytes => DropsondeRecord.Parser.ParseFrom(bytes)).ToList();
        foreach (var envelope in expected)
        {
            Assert.Contains(envelope, converted);
        }

        // The original loses a log without payload, which has no required message then; ours sends the empty line.
        var beaten = Assert.Single(converted, envelope => !expected.Contains(envelope));
        Assert.Equal("no-tags", beaten.LogMessage.AppId);
        Assert.True(beaten.LogMessage.Message.IsEmpty);
        Assert.Equal(expected.Count + 1, converted.Count);
    }

    [Fact]
    public void V1ToV2_OfTheInputs_IsWhatAnOriginalDopplerSends()
    {
        var expected = Golden.Envelopes("v1-inputs-as-v2.hex").Select(bytes => V2Envelope.Parser.ParseFrom(bytes));
        var converted = Golden.Envelopes("v1-inputs.hex").Select(bytes => V2Envelope.Parser.ParseFrom(Convert.ToV2(bytes)));
        Assert.Equal(expected, converted);
    }
}
