using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Json;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class EnvelopeJsonTests
{
    [Fact]
    public void WriteBatch_OfTheOriginalsEnvelopes_EqualsTheOriginalsGateway()
    {
        var expected = Golden.Text("gateway.sse")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
            .SelectMany(line => JsonNode.Parse(line[6..])!["batch"]!.AsArray())
            .Select(envelope => envelope!.ToJsonString())
            .ToArray();
        var records = new ArrayBufferWriter<byte>();
        foreach (var envelope in Golden.Envelopes("rlp-preferred.hex"))
        {
            Records.Append(records, envelope);
        }

        var json = new ArrayBufferWriter<byte>();
        EnvelopeJson.WriteBatch(json, records.WrittenSpan);
        var actual = JsonNode.Parse(json.WrittenSpan)!["batch"]!.AsArray().Select(envelope => envelope!.ToJsonString()).ToArray();
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void WriteEnvelope_OfTheOriginalsEnvelopes_HasTheOriginalsBytes()
    {
        var text = Golden.Text("gateway.sse");
        foreach (var envelope in Golden.Envelopes("rlp-preferred.hex"))
        {
            Assert.Contains(Write(envelope), text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{}}""")]
    [InlineData("2200", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"log":{"payload":"","type":"OUT"}}""")]
    [InlineData("22021002", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"log":{"payload":"","type":2}}""")]
    [InlineData("2A00", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"counter":{"name":"","delta":"0","total":"0"}}""")]
    [InlineData("3200", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"gauge":{"metrics":{}}}""")]
    [InlineData("3A00", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"timer":{"name":"","start":"0","stop":"0"}}""")]
    [InlineData("5200", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{},"event":{"title":"","body":""}}""")]
    [InlineData("1A050A01611200", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{"a":{}},"tags":{}}""")]
    [InlineData("CA3E070D010000001001", """{"timestamp":"0","source_id":"","instance_id":"","deprecated_tags":{},"tags":{}}""")]
    public void WriteEnvelope_OfBareMembers_SpellsZeroValuesOut(string hex, string json) => Assert.Equal(json, Write(Convert.FromHexString(hex)));

    [Fact]
    public void WriteEnvelope_OfTextWithControlCharacters_EscapesAsProtobufDoes()
    {
        var json = Write(new Envelope { SourceId = "\"\\/\b\f\n\r\t\u0001\u001F<é>\u2028" }.ToByteArray());
        Assert.Contains("\"source_id\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f<é>\u2028\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteEnvelope_OfTenThousandTags_SortsAndKeepsTheLastOfEachKey()
    {
        var writer = new ArrayBufferWriter<byte>();
        for (var i = 0; i < 10_000; i++)
        {
            EnvelopeWriter.Tag(writer, Encoding.UTF8.GetBytes($"k{i * 7919 % 5_000:d4}"), Encoding.UTF8.GetBytes($"{i}"));
        }

        var tags = JsonNode.Parse(Write(writer.WrittenSpan))!["tags"]!.AsObject();
        Assert.Equal(5_000, tags.Count);
        Assert.Equal(tags.Select(tag => tag.Key).Order(StringComparer.Ordinal), tags.Select(tag => tag.Key));
        Assert.All(tags, tag => Assert.True(int.Parse(tag.Value!.GetValue<string>(), null) >= 5_000));
    }

    [Fact]
    public void WriteEnvelope_OfAnyMergedEnvelope_ReadsBackAsGoogleProtobufReadsTheBytes() =>
        EnvelopeGen.Merged.Sample(
            bytes =>
            {
                var expected = Envelope.Parser.ParseFrom(bytes);
                var actual = Parse(JsonNode.Parse(Write(bytes))!.AsObject());
                Assert.Equal(expected, actual);
            },
            seed: "0000Kz1Bd8Q6",
            iter: 1_500);

    private static string Write(ReadOnlySpan<byte> envelope)
    {
        var json = new ArrayBufferWriter<byte>();
        EnvelopeJson.WriteEnvelope(json, envelope);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    // Google.Protobuf's own parser, which knows the snake-case names and both forms of numbers.
    private static Envelope Parse(JsonObject json) => JsonParser.Default.Parse<Envelope>(json.ToJsonString());
}
