using System.Text;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class DeterministicHashTests
{
    [Theory]
    [InlineData("", 0x0000000000000000)]
    [InlineData("123456789", 0x995DC9BBDF1939FA)]
    [InlineData("hash", 0x232EEC78C114CC40)]
    [InlineData("other-hash", 0x31896233E032CBF1)]
    [InlineData("a", 0x330284772E652B05)]
    [InlineData("b", 0x74A8FE9E8582D431)]
    [InlineData("cpu", 0x299617CCA8858044)]
    [InlineData("memory", 0xC902B4B57E0294A4)]
    public void Crc64_OfTheOriginalsVectors_Agrees(string text, ulong crc)
    {
        Assert.Equal(crc, Crc64.Compute(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(crc, Hash(new Envelope { Counter = new Counter { Name = text } }));
    }

    [Fact]
    public void TryCompute_OfAGauge_SumsTheCrcsOfDistinctNames()
    {
        var envelope = new Envelope { Gauge = new Gauge { Metrics = { ["a"] = new GaugeValue(), ["b"] = new GaugeValue() } } };
        Assert.Equal(0xA7AB8315B3E7FF36, Hash(envelope));
        byte[] twice = [.. envelope.ToByteArray(), .. envelope.ToByteArray()];
        Assert.Equal(0xA7AB8315B3E7FF36, Hash(twice));
    }

    [Fact]
    public void TryCompute_OfOtherTypes_HasNoHash()
    {
        var log = new Envelope { Log = new Log() }.ToByteArray();
        Assert.True(RawEnvelope.TryRead(log, out var header));
        Assert.False(DeterministicHash.TryCompute(log, header, out _));
    }

    private static ulong Hash(Envelope envelope) => Hash(envelope.ToByteArray());

    private static ulong Hash(byte[] bytes)
    {
        Assert.True(RawEnvelope.TryRead(bytes, out var header));
        Assert.True(DeterministicHash.TryCompute(bytes, header, out var hash));
        return hash;
    }
}
