using System.Buffers;
using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Groups;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>A log, and envelopes to put into it.</summary>
internal sealed class LogFixture
{
    private readonly AppendBatch _batch;
    private readonly ArrayBufferWriter<byte> _envelope = new();
    private readonly ArrayBufferWriter<byte> _message = new();
    private SegmentPacker? _packer;

    public LogFixture(
        long budget = 1 << 20, int maxSources = 1000, GroupLimits? limits = null, int metricPercent = EnvelopeLog.DefaultMetricPercent)
    {
        Log = new EnvelopeLog(budget, Time, maxSources, limits, metricPercent);
        _batch = new AppendBatch(Log);
    }

    public FakeTimeProvider Time { get; } = new();

    public EnvelopeLog Log { get; }

    /// <summary>What packs records.</summary>
    public CountingCodec Codec { get; } = new();

    public DeliveryCounters Counters { get; } = new();

    public static readonly Selector AnyLog = new() { Log = new LogSelector() };

    public static readonly Selector AnyCounter = new() { Counter = new CounterSelector() };

    public static Selector LogsOf(string source) => new() { SourceId = source, Log = new LogSelector() };

    public static SubscriptionRequest Request(uint id, params Selector[] selectors) => Request(id, long.MaxValue / 2, selectors);

    public static SubscriptionRequest Request(uint id, long credit, params Selector[] selectors) =>
        new() { Id = id, Selectors = Compile(selectors), Credit = credit };

    public static EnvelopeSelector[] Compile(params Selector[] selectors) => [.. selectors.Select(selector => new EnvelopeSelector(selector))];

    public LogConsumer Consumer() => new(Log, Counters);

    public LogFixture AddLog(string source, string text, long timestamp = 0, int size = 0, string instance = "0")
    {
        EnvelopeWriter.Log(_envelope, timestamp, Utf8(source), Utf8(instance), Utf8(text.PadRight(size)));
        return AddEnvelope();
    }

    public LogFixture AddCounter(string source, string name, ulong delta = 1)
    {
        EnvelopeWriter.Counter(_envelope, 0, Utf8(source), "0"u8, Utf8(name), delta);
        return AddEnvelope();
    }

    public LogFixture AddGauge(string source, params string[] names)
    {
        EnvelopeWriter.Gauge(_envelope, 0, Utf8(source), "0"u8, [.. names.Select(name => new GaugeMetric(name, 1, ""))]);
        return AddEnvelope();
    }

    public LogFixture AddGap(string source, ulong count)
    {
        GapRecord.Write(_envelope, Utf8(source), "0"u8, count, "agent"u8, "ring_full"u8, 0);
        return AddEnvelope();
    }

    public LogFixture AddRaw(ReadOnlySpan<byte> envelope)
    {
        _envelope.Write(envelope);
        return AddEnvelope();
    }

    /// <summary>Appends what was added, as one batch.</summary>
    public void Append()
    {
        var records = new RecordReader(_message.WrittenSpan);
        while (records.MoveNext())
        {
            Assert.True(RawEnvelope.TryRead(records.Current, out var header));
            _batch.AddRecord(_message.WrittenSpan, records.RecordOffset, records.RecordLength, records.Current.Length, header);
        }

        Log.Append(_message.WrittenSpan, _batch);
        _batch.Clear();
        _message.ResetWrittenCount();
    }

    /// <summary>Packs so many segments, if there are so many to be packed; returns how many.</summary>
    public int Pack(int atMost = int.MaxValue)
    {
        _packer ??= new SegmentPacker(Log, Codec);
        var packed = 0;
        while (packed < atMost && _packer.PackNext())
        {
            packed++;
        }

        return packed;
    }

    /// <summary>Appends logs numbered from <paramref name="first"/> of one source, one batch each.</summary>
    public void AppendNumbered(string source, int first, int count, int size = 0)
    {
        for (var i = first; i < first + count; i++)
        {
            AddLog(source, i.ToString(CultureInfo.InvariantCulture), size: size).Append();
        }
    }

    /// <summary>Appends a log with the bytes that it came as behind it.</summary>
    public void AppendWithOriginal(string source, string text, ReadOnlySpan<byte> original)
    {
        EnvelopeWriter.Log(_envelope, 0, Utf8(source), "0"u8, Utf8(text));
        var length = _envelope.WrittenCount;
        Assert.True(RawEnvelope.TryRead(_envelope.WrittenSpan, out var header));
        _envelope.Write(original);
        _batch.AddEnvelope(_envelope.WrittenSpan, 0, length, header, original.Length);
        Log.Append(_envelope.WrittenSpan, _batch);
        _batch.Clear();
        _envelope.ResetWrittenCount();
    }

    private LogFixture AddEnvelope()
    {
        Records.Append(_message, _envelope.WrittenSpan);
        _envelope.ResetWrittenCount();
        return this;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
