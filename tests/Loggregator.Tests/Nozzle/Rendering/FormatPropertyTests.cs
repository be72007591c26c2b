using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Google.Protobuf;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.V2;
using Loggregator.Tests.Protocol;
using Xunit;
using Log = Loggregator.Protocol.V2.Log;

namespace Loggregator.Tests.Nozzle.Rendering;

/// <summary>Whatever envelope comes, each format keeps its own rules.</summary>
public sealed partial class FormatPropertyTests
{
    private const string Id = "doppler-1/0000000000000abc/42";

    [Fact]
    public void Json_HoldsTheCanonicalEnvelope() => EnvelopeGen.Merged.Sample(bytes =>
    {
        using var json = JsonDocument.Parse(One(new JsonFormat(), bytes));
        Assert.Equal(1, json.RootElement.GetProperty("version").GetInt32());
        Assert.Equal(Id, json.RootElement.GetProperty("id").GetString());
        Assert.Equal(Envelope.Parser.ParseFrom(bytes), JsonParser.Default.Parse<Envelope>(json.RootElement.GetProperty("envelope").GetRawText()));
    });

    [Fact]
    public void Ecs_IsJsonWithSourceTimeAndTags() => EnvelopeGen.Merged.Sample(bytes =>
    {
        var envelope = Envelope.Parser.ParseFrom(bytes);
        using var json = JsonDocument.Parse(One(new EcsFormat(), bytes));
        var root = json.RootElement;
        Assert.Equal(Id, root.GetProperty("event").GetProperty("id").GetString());
        Assert.Equal(envelope.SourceId, root.GetProperty("service").GetProperty("name").GetString());
        Assert.Equal(envelope.InstanceId, root.GetProperty("service").GetProperty("node").GetProperty("name").GetString());
        Assert.Equal(envelope.Timestamp / 100, (root.GetProperty("@timestamp").GetDateTimeOffset() - DateTimeOffset.UnixEpoch).Ticks + (envelope.Timestamp % 100 < 0 ? 1 : 0));
        Assert.Equal(envelope.Tags, root.TryGetProperty("labels", out var labels) ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!) : []);
        if (envelope.MessageCase == Envelope.MessageOneofCase.Event)
        {
            Assert.Equal(envelope.Event.Body, root.GetProperty("message").GetString());
        }
    });

    [Fact]
    public void Cef_IsOneLineWhoseExtensionsReadBack() => EnvelopeGen.Merged.Sample(bytes =>
    {
        var envelope = Envelope.Parser.ParseFrom(bytes);
        var text = One(new CefFormat(), bytes);
        Assert.DoesNotContain('\n', text);
        Assert.DoesNotContain('\r', text);
        Assert.Equal(7, text.Split('|', 8).Length - 1);
        var source = CefSource().Match(text).Groups[1].Value;
        Assert.Equal(envelope.SourceId, CefEscape().Replace(source, match => match.Groups[1].Value switch { "n" => "\n", "r" => "\r", var c => c }));
    });

    [Fact]
    public void Text_IsOneLineWithoutControlCharacters() => EnvelopeGen.Merged.Sample(bytes =>
        Assert.DoesNotContain(One(new TextFormat(), bytes), c => char.IsControl(c) && c != '\t'));

    [Fact]
    public void PlainSyslog_IsOneLineWithAGoodHeader() => EnvelopeGen.Merged.Sample(bytes =>
    {
        var text = One(new PlainSyslogFormat(), bytes);
        Assert.DoesNotContain('\n', text);
        Assert.Matches("^<1[14]>1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{1,6})?Z - [!-~]{1,48} [!-~]{1,128} [a-z]+ \\[record@47450 id=\"", text);
    });

    [Fact]
    public void Syslog_OfTagsSeenBefore_IsWhatItWasTheFirstTime() => EnvelopeGen.Merged.Array[1, 20].Sample(envelopes =>
    {
        var (plain, original) = (new PlainSyslogFormat(), new SyslogFormat());
        for (var round = 0; round < 4; round++)
        {
            foreach (var bytes in envelopes)
            {
                Assert.Equal(One(new PlainSyslogFormat(), bytes), One(plain, bytes));
                Assert.Equal(Render.Bytes(new SyslogFormat(), bytes, out var problem), Render.Bytes(original, bytes, out var again));
                Assert.Equal(problem, again);
            }
        }
    });

    [Fact]
    public void Syslog_EitherRefusesOrHasAGoodHeaderAndEndsItsLine() => EnvelopeGen.Merged.Sample(bytes =>
    {
        foreach (var message in Render.Bytes(new SyslogFormat(), bytes, out _))
        {
            var text = Encoding.Latin1.GetString(message);
            Assert.Matches("^<(14|11|-1)>1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{1,6})?[+]00:00 [!-~]{1,255} [!-~]{1,48} [!-~]{1,128} - [-\\[]", text);
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void Parts_OfALog_AreWhatItWas() => Gen.Select(EnvelopeGen.Merged, Gen.String[Gen.Char['a', 'ÿ'], 300, 3_000], Gen.Int[400, 4_000]).Sample((bytes, text, max) =>
    {
        var envelope = Envelope.Parser.ParseFrom(bytes);
        envelope.Log = new Log { Payload = ByteString.CopyFromUtf8(text), Type = Log.Types.Type.Err };
        using var batch = new RecordBatch();
        using var messages = new RenderedMessages(new ProtobufFormat(asRecords: false));
        batch.Add(envelope.ToByteArray(), Render.Doppler, 42);
        messages.Render(batch);
        if (!LogParts.Render(messages, batch, 0, max))
        {
            envelope.Log = null;
            Assert.True(envelope.CalculateSize() > max - 200, "it would have fit");
            return;
        }

        var parts = Enumerable.Range(0, messages.Count).Select(i => messages[i].ToArray()).ToList();
        Assert.All(parts, part => Assert.True(part.Length <= max));
        var read = parts.ConvertAll(part => Envelope.Parser.ParseFrom(part));
        Assert.Equal(text, string.Concat(read.Select(part => part.Log.Payload.ToStringUtf8())));
        Assert.Equal(Enumerable.Range(1, parts.Count).Select(part => part.ToString(CultureInfo.InvariantCulture)), read.Select(part => part.Tags["part"]));
        foreach (var part in read)
        {
            part.Log.Payload = envelope.Log.Payload;
            part.Tags.Remove("part");
            part.Tags.Remove("parts");
            Assert.Equal(envelope, part);
        }
    });

    private static string One(IRecordFormat format, byte[] envelope) => Encoding.UTF8.GetString(Assert.Single(Render.Bytes(format, envelope, out _)));

    [GeneratedRegex(@" sourceServiceName=((?:\\.|[^\\=])*) deviceExternalId=", RegexOptions.Singleline)]
    private static partial Regex CefSource();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex CefEscape();
}
