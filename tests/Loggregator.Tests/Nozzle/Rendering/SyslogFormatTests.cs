using System.Globalization;
using System.Text;
using Google.Protobuf;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.V2;
using Loggregator.Tests.Protocol;
using Xunit;
using Timer = Loggregator.Protocol.V2.Timer;

namespace Loggregator.Tests.Nozzle.Rendering;

public sealed class SyslogFormatTests
{
    private static readonly SyslogFormat Format = new(hostname: "test-hostname");
    private static readonly SyslogFormat Bare = new(metadata: false, hostname: "test-hostname");

    [Theory]
    [InlineData("syslog-agent-all.txt", true)]
    [InlineData("syslog-agent-no-metadata.txt", false)]
    public void Messages_AreTheOriginalsByteForByte(string golden, bool metadata)
    {
        var format = new SyslogFormat(metadata);
        var frames = Golden.Envelopes("inputs.hex").Select(AtIngress).SelectMany(envelope => Render.Bytes(format, envelope, out _)).Select(message => Latin(message));
        Assert.Equal(Frames(Golden.Bytes(golden)).Order(StringComparer.Ordinal), frames.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0, 14)]
    [InlineData(1, 11)]
    [InlineData(-20, -1)]
    public void Log_OfEachType_HasItsPriority(int type, int priority) => Assert.Equal(
        $"<{priority}>1 1970-01-01T00:00:00.012345+00:00 test-hostname test-app-id [APP/2] - [tags@47450 source_type=\"APP\"] just a test\n",
        Render.Text(Format, Log("APP", "2", kind: type)));

    [Fact]
    public void Log_Frame_HasTheOriginalsLength() => Assert.Equal(118, Render.Text(Format, Log("APP", "2")).Length);

    [Theory]
    [InlineData("APP/FOO/BAR", "26", "[APP/FOO/BAR/26]", 135)]
    [InlineData("OTHER", "1", "[OTHER/1]", 122)]
    public void Process_NamesTypeAndInstance(string type, string instance, string process, int length)
    {
        var text = Render.Text(Format, Log(type, instance));
        Assert.Contains($" {process} - ", text, StringComparison.Ordinal);
        Assert.Equal(length, text.Length);
    }

    [Theory]
    [InlineData("TASK/こんにちは", "2", "[TASK//2]")]
    [InlineData("app  web \t x", "0", "[APP-WEB-X/0]")]
    [InlineData("app--", "", "[APP]")]
    [InlineData("", "2", "[/2]")]
    [InlineData("", "", "[]")]
    public void Process_OfOddTypes_IsCleaned(string type, string instance, string process) =>
        Assert.Contains($" {process} - ", Render.Text(Format, Log(type, instance)), StringComparison.Ordinal);

    [Fact]
    public void Process_TooLong_LosesTheEndOfTheInstance() =>
        Assert.Contains($" [MY-TASK/{new string('x', 118)}] - ", Render.Text(Format, Log("MY TASK", new string('x', 200))), StringComparison.Ordinal);

    [Fact]
    public void Process_OfATypeThatLeavesNoRoom_IsCut() => // the original falls over
        Assert.Contains($" [{new string('A', 125)}/] - ", Render.Text(Format, Log(new string('a', 300), "2")), StringComparison.Ordinal);

    [Fact]
    public void Host_IsMadeOfOrganizationSpaceAndApp()
    {
        var log = Log("APP", "2");
        log.Tags.Add("organization_name", "some_org");
        log.Tags.Add("space_name", "some space");
        log.Tags.Add("app_name", "some_app--");
        Assert.Contains(" someorg.some-space.someapp test-app-id ", Render.Text(Format, log), StringComparison.Ordinal);
        Assert.Contains("[tags@47450 app_name=\"some_app--\" organization_name=\"some_org\" source_type=\"APP\" space_name=\"some space\"]", Render.Text(Format, log), StringComparison.Ordinal);
    }

    [Fact]
    public void Host_OfLongNames_IsCutPartByPart()
    {
        var log = Log("APP", "2");
        log.Tags.Add("app_name", new string('a', 100));
        log.Tags.Add("space_name", new string('s', 100));
        Assert.Contains($" .{new string('s', 63)}.{new string('a', 63)} ", Render.Text(Format, log), StringComparison.Ordinal);
        Assert.Contains($" {new string('h', 255)} ", Render.Text(new SyslogFormat(hostname: new string('h', 300)), Log("APP", "2")), StringComparison.Ordinal);
    }

    [Fact]
    public void SourceId_IsCutTo48() =>
        Assert.Contains($" {new string('i', 48)} [", Render.Text(Format, Log("APP", "2", source: new string('i', 100))), StringComparison.Ordinal);

    [Fact]
    public void Log_WithNulBytes_LosesThem() => Assert.EndsWith("] just a test\n", Render.Text(Format, Log("APP", "2", "just\0 a te\0st\0")), StringComparison.Ordinal);

    [Fact]
    public void Log_ThatEndsItsLine_GetsNoSecondEnd() => Assert.EndsWith("] just\na test\n", Render.Text(Format, Log("APP", "2", "just\na test\n\0")), StringComparison.Ordinal);

    [Fact]
    public void Log_WithoutMetadata_HasNoStructuredData() =>
        Assert.Equal("<14>1 1970-01-01T00:00:00.012345+00:00 test-hostname test-app-id [MY-TASK/2] - - just a test\n", Render.Text(Bare, Log("MY TASK", "2")));

    [Fact]
    public void Counter_IsAsTheOriginals()
    {
        var counter = Envelope("1");
        counter.Counter = new Counter { Name = "some-counter", Delta = 1, Total = 99 };
        var text = Render.Text(Format, counter);
        Assert.Equal("<14>1 1970-01-01T00:00:00.012345+00:00 test-hostname test-app-id [1] - [counter@47450 name=\"some-counter\" total=\"99\" delta=\"1\"] \n", text);
        Assert.Equal(129, text.Length);
    }

    [Fact]
    public void Gauge_IsAMessageForEachMetric()
    {
        var gauge = Envelope("1");
        gauge.Gauge = new Gauge
        {
            Metrics =
            {
                ["cpu"] = new GaugeValue { Unit = "percentage", Value = 0.23 },
                ["disk"] = new GaugeValue { Unit = "bytes", Value = 1234 },
                ["disk_quota"] = new GaugeValue { Unit = "bytes", Value = 1024 },
                ["memory"] = new GaugeValue { Unit = "bytes", Value = 5423 },
                ["memory_quota"] = new GaugeValue { Unit = "bytes", Value = 8000 },
            },
        };
        Assert.Equal([124, 126, 128, 130, 132], Render.Texts(Format, gauge).Select(text => text.Length).Order());
    }

    [Fact]
    public void TimerAndEvent_HaveTheirElements()
    {
        var timer = Envelope("1");
        timer.Timer = new Timer { Name = "http", Start = 10, Stop = 12 };
        Assert.Contains("[timer@47450 name=\"http\" start=\"10\" stop=\"12\"] \n", Render.Text(Format, timer), StringComparison.Ordinal);
        var happening = Envelope("1");
        happening.Event = new Event { Title = "a \"b\"", Body = "c\\d]" };
        happening.Tags.Add("b", "\"]\\");
        happening.Tags.Add("a", "1");
        Assert.Contains("[event@47450 title=\"a \\\"b\\\"\" body=\"c\\\\d\\]\"][tags@47450 a=\"1\" b=\"\\\"\\]\\\\\"] \n", Render.Text(Format, happening), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000, "100000")]
    [InlineData(123456.7, "123456.7")]
    [InlineData(1_000_000, "1e+06")]
    [InlineData(1_073_741_824, "1.073741824e+09")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(-0.5, "-0.5")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Value_IsInGosShortestForm(double value, string text)
    {
        var gauge = Envelope("1");
        gauge.Gauge = new Gauge { Metrics = { ["g"] = new GaugeValue { Unit = "u", Value = value } } };
        Assert.Contains($"[gauge@47450 name=\"g\" value=\"{text}\" unit=\"u\"]", Render.Text(Format, gauge), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app id", "tag")]
    [InlineData("größe", "tag")]
    [InlineData("app", "tag name")]
    [InlineData("app", "t\"")]
    public void WhatRfc5424CannotHold_IsRefused(string source, string tag)
    {
        var log = Log("APP", "2", source: source);
        log.Tags.Add(tag, "x");
        Assert.Empty(Render.Bytes(Format, log.ToByteArray(), out var refused));
        Assert.NotNull(refused);
        Assert.Single(Render.Bytes(new PlainSyslogFormat(), log.ToByteArray(), out refused));
        Assert.Null(refused);
    }

    [Fact]
    public void RecordId_WhereItIsAskedFor_IsAnElementOfItsOwn() => Assert.Contains(
        "[tags@47450 source_type=\"APP\"][record@47450 id=\"doppler-1/0000000000000abc/42\"] just a test\n", Render.Text(new SyslogFormat(withId: true), Log("APP", "2")), StringComparison.Ordinal);

    // As every ingress does, the original's and ours: what has no source id gets it from its origin.
    private static byte[] AtIngress(byte[] bytes)
    {
        var envelope = Loggregator.Protocol.V2.Envelope.Parser.ParseFrom(bytes);
        envelope.SourceId = envelope.SourceId.Length > 0 ? envelope.SourceId : envelope.Tags.GetValueOrDefault("origin", "");
        return envelope.ToByteArray();
    }

    private static Envelope Envelope(string instance) => new() { Timestamp = 12_345_678, SourceId = "test-app-id", InstanceId = instance };

    private static Envelope Log(string type, string instance, string payload = "just a test", string source = "test-app-id", int kind = 0) =>
        new() { Timestamp = 12_345_678, SourceId = source, InstanceId = instance, Tags = { ["source_type"] = type }, Log = new Log { Payload = ByteString.CopyFromUtf8(payload), Type = (Log.Types.Type)kind } };

    private static string Latin(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static IEnumerable<string> Frames(byte[] wire)
    {
        for (var at = 0; at < wire.Length;)
        {
            var space = Array.IndexOf(wire, (byte)' ', at);
            var length = int.Parse(wire.AsSpan(at, space - at), CultureInfo.InvariantCulture);
            yield return Latin(wire[(space + 1)..(space + 1 + length)]);
            at = space + 1 + length;
        }
    }
}
