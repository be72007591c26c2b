using Google.Protobuf;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>What log-cache's store promises of reads: by source, by time, by type and by name, and no group of equal timestamps is split.</summary>
public sealed class TimeReadTests
{
    private readonly LogFixture _log = new();

    [Fact]
    public void Read_OfASource_EndsBeforeTheEnd()
    {
        Put("a", 1, 3, 4);
        Put("b", 2);
        Assert.Equal([1, 3], Read("a", start: 0, end: 4));
        Assert.Equal(0, _log.Log.Evicted);
    }

    [Fact]
    public void Limit_Ascending_TakesTheOldest()
    {
        Put("a", 1, 2, 3, 4);
        Assert.Equal([1, 2, 3], Read("a", limit: 3));
    }

    [Fact]
    public void Limit_Descending_TakesTheNewestFirst()
    {
        Put("a", 1, 2, 3, 4);
        Assert.Equal([4, 3, 2], Read("a", limit: 3, descending: true));
    }

    [Theory]
    [InlineData(false, 5, new long[] { 0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 3 }, new long[] { 1, 1, 1, 2 })]
    [InlineData(true, 5, new long[] { 0, 0, 1, 2, 2, 3, 3, 3, 3, 3 }, new long[] { 2, 2, 1 })]
    public void Range_WithEqualTimestamps_HasAllOfThem(bool descending, int limit, long[] put, long[] expected)
    {
        Put("a", put);
        Assert.Equal(expected, Read("a", start: 1, end: 3, limit: limit, descending: descending));
    }

    [Theory]
    [InlineData(false, new long[] { 0, 1, 1 }, new long[] { 0, 1, 1 })]
    [InlineData(true, new long[] { 0, 0, 1 }, new long[] { 1, 0, 0 })]
    public void Limit_WithinEqualTimestamps_EndsBehindThem(bool descending, long[] put, long[] expected)
    {
        Put("a", put);
        Assert.Equal(expected, Read("a", limit: 2, descending: descending));
    }

    [Fact]
    public void EqualTimestamps_NeverOverwrite()
    {
        Put("a", 1, 2, 2, 3);
        Assert.Equal(4, Read("a").Count);
    }

    [Fact]
    public void Timestamps_OutOfOrderNegativeAndExtreme_AreInOrder()
    {
        Put("a", 5, long.MaxValue, -3, 0, long.MinValue, 2);
        Assert.Equal([long.MinValue, -3, 0, 2, 5], Read("a"));
        Assert.Equal([2, 0, -3], Read("a", start: -3, end: 5, descending: true));
    }

    [Theory]
    [InlineData(EnvelopeType.Log)]
    [InlineData(EnvelopeType.Counter)]
    [InlineData(EnvelopeType.Gauge)]
    [InlineData(EnvelopeType.Timer)]
    [InlineData(EnvelopeType.Event)]
    public void Type_FiltersToThatType(EnvelopeType type)
    {
        PutEveryType();
        var read = Assert.Single(ReadEnvelopes("a", types: 1 << (int)type));
        Assert.Equal((int)type, TypeOf(read));
        Assert.Equal(6, ReadEnvelopes("a").Count);
    }

    [Theory]
    [InlineData("^num-requests$", EnvelopeType.Counter)]
    [InlineData("latenc", EnvelopeType.Timer)]
    [InlineData("c(p)u", EnvelopeType.Gauge)]
    public void NameFilter_KeepsWhatHasTheName(string pattern, EnvelopeType type)
    {
        PutEveryType();
        var read = Assert.Single(ReadEnvelopes("a", names: pattern));
        Assert.Equal((int)type, TypeOf(read));
    }

    [Fact]
    public void NameFilter_OfAGauge_GivesACopyWithTheMatchingMetrics()
    {
        PutEveryType();
        var whole = ReadEnvelopes("a", types: 1 << (int)EnvelopeType.Gauge)[0];
        var reduced = ReadEnvelopes("a", names: "cpu")[0];
        Assert.Equal(["cpu"], reduced.Gauge.Metrics.Keys);
        whole.Gauge.Metrics.Remove("memory");
        Assert.Equal(whole, reduced);
    }

    [Fact]
    public void NameFilter_OfAGaugeThatIsMergedFromParts_SeesWhatAReaderWouldSee()
    {
        static byte[] Gauge(string name, double value) =>
            new Envelope { Gauge = new Gauge { Metrics = { [name] = new GaugeValue { Value = value } } } }.ToByteArray();
        byte[] merged = [.. new Envelope { SourceId = "a", Log = new Loggregator.Protocol.V2.Log() }.ToByteArray(), .. Gauge("cpu", 1), .. Gauge("cpu", 2), .. Gauge("disk", 3)];
        _log.AddRaw(merged).Append();
        var read = ReadEnvelopes("a", names: "cpu")[0];
        Assert.Equal(Envelope.MessageOneofCase.Gauge, read.MessageCase);
        Assert.Equal(2, Assert.Single(read.Gauge.Metrics).Value.Value);
    }

    [Fact]
    public void Source_IsTheLastThatTheEnvelopeNames()
    {
        _log.AddRaw([.. new Envelope { SourceId = "first", Timestamp = 7 }.ToByteArray(), .. new Envelope { SourceId = "last" }.ToByteArray()]).Append();
        Assert.Equal([7], Read("last"));
        Assert.Empty(Read("first"));
    }

    [Fact]
    public void Source_WithoutName_IsReadApart()
    {
        Put("", 1, 2);
        Put("a", 3);
        Assert.Equal([1, 2], Read(""));
    }

    [Fact]
    public void Source_ThatIsNotThere_HasNothingAndTakesNoPlace()
    {
        var log = new LogFixture(maxSources: 2);
        for (var i = 0; i < 100; i++)
        {
            using var read = new TimeRead(log.Log, new TimeReadRequest { SourceId = [(byte)i], Limit = 1 });
            Assert.True(read.Run());
            Assert.Equal(0, read.Count);
        }

        Assert.Single(log.Log.SourceTable.Entries);
    }

    [Fact]
    public void Bytes_BeyondTheMost_AreRefused()
    {
        Put("a", 1, 2, 3);
        using var read = new TimeRead(_log.Log, new TimeReadRequest { SourceId = "a"u8.ToArray(), Limit = 3, MaxBytes = 20 });
        Assert.False(read.Run());
    }

    private void Put(string source, params long[] timestamps)
    {
        foreach (var timestamp in timestamps)
        {
            _log.AddLog(source, "line", timestamp);
        }

        _log.Append();
    }

    private void PutEveryType()
    {
        Envelope[] envelopes =
        [
            new() { SourceId = "a", Timestamp = 1, Log = new Loggregator.Protocol.V2.Log { Payload = ByteString.CopyFromUtf8("cpu num-requests latency") } },
            new() { SourceId = "a", Timestamp = 2, Counter = new Counter { Name = "num-requests", Delta = 1 } },
            new()
            {
                SourceId = "a", Timestamp = 3, InstanceId = "4", Tags = { ["k"] = "v" }, DeprecatedTags = { ["d"] = new Value { Integer = 1 } },
                Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Unit = "%", Value = double.NaN }, ["memory"] = new GaugeValue { Value = 2 } } },
            },
            new() { SourceId = "a", Timestamp = 4, Timer = new Loggregator.Protocol.V2.Timer { Name = "latency", Start = 1, Stop = 2 } },
            new() { SourceId = "a", Timestamp = 5, Event = new Event { Title = "cpu", Body = "num-requests" } },
            new() { SourceId = "a", Timestamp = 6 },
        ];
        foreach (var envelope in envelopes)
        {
            _log.AddRaw(envelope.ToByteArray());
        }

        _log.Append();
    }

    private List<long> Read(string source, long start = long.MinValue, long end = long.MaxValue, int limit = 100, bool descending = false) =>
        [.. ReadEnvelopes(source, start, end, limit, descending).Select(envelope => envelope.Timestamp)];

    private List<Envelope> ReadEnvelopes(
        string source, long start = long.MinValue, long end = long.MaxValue, int limit = 100, bool descending = false, int types = -1, string? names = null) =>
        ReadAll(_log.Log, new TimeReadRequest
        {
            SourceId = System.Text.Encoding.UTF8.GetBytes(source), Start = start, End = end, Limit = limit, Descending = descending, Types = types,
            Names = names is null ? null : NameFilter.TryCreate(names, out _),
        });

    internal static List<Envelope> ReadAll(EnvelopeLog log, TimeReadRequest request)
    {
        using var read = new TimeRead(log, request);
        Assert.True(read.Run());
        List<Envelope> envelopes = [];
        foreach (var record in read.InOrder())
        {
            var reader = new RecordReader(record.Span);
            Assert.True(reader.MoveNext());
            envelopes.Add(WithoutStamp(reader.Current));
            Assert.False(reader.MoveNext());
        }

        Assert.Equal(read.Count, envelopes.Count);
        return envelopes;
    }

    private static Envelope WithoutStamp(ReadOnlySpan<byte> bytes) => new MessageParser<Envelope>(() => new Envelope()).WithDiscardUnknownFields(true).ParseFrom(bytes);

    private static int TypeOf(Envelope envelope) => envelope.MessageCase switch
    {
        Envelope.MessageOneofCase.Log => 1,
        Envelope.MessageOneofCase.Counter => 2,
        Envelope.MessageOneofCase.Gauge => 3,
        Envelope.MessageOneofCase.Timer => 4,
        Envelope.MessageOneofCase.Event => 5,
        _ => 0,
    };
}
