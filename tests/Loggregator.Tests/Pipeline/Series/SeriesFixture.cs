using System.Buffers;
using System.Text;
using Google.Protobuf;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Pipeline.Series;

/// <summary>A store of series, and envelopes to put into it.</summary>
internal sealed class SeriesFixture
{
    private readonly SeriesBatch _batch;
    private readonly ArrayBufferWriter<byte> _message = new();
    private readonly List<(int Offset, int Length)> _envelopes = [];

    public SeriesFixture(SeriesLimits? limits = null)
    {
        Time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000));
        Store = new SeriesStore(limits ?? new SeriesLimits(), Time);
        _batch = new SeriesBatch(Store);
    }

    public FakeTimeProvider Time { get; }

    public SeriesStore Store { get; }

    public SeriesCounters Counters => Store.Counters;

    /// <summary>The present, UNIX milliseconds.</summary>
    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public SeriesFixture AddCounter(string source, string name, long time, ulong total, params (string Key, string Value)[] tags) =>
        Add(new Envelope { Counter = new Counter { Name = name, Total = total } }, source, time, tags);

    public SeriesFixture AddGauge(string source, string name, long time, double value, params (string Key, string Value)[] tags) =>
        Add(new Envelope { Gauge = new Gauge { Metrics = { [name] = new GaugeValue { Value = value, Unit = "u" } } } }, source, time, tags);

    public SeriesFixture AddHttp(string source, long time, double milliseconds, string method, string status, params (string Key, string Value)[] tags) =>
        Add(
            new Envelope { Timer = new Loggregator.Protocol.V2.Timer { Name = "http", Start = 1_000_000, Stop = 1_000_000 + (long)(milliseconds * 1e6) } },
            source,
            time,
            [("method", method), ("status_code", status), .. tags]);

    public SeriesFixture Add(Envelope envelope, string source, long time, params (string Key, string Value)[] tags)
    {
        envelope.SourceId = source;
        envelope.InstanceId = "0";
        envelope.Timestamp = time * 1_000_000;
        foreach (var (key, value) in tags)
        {
            envelope.Tags[key] = value;
        }

        return AddRaw(envelope.ToByteArray());
    }

    public SeriesFixture AddRaw(ReadOnlySpan<byte> envelope)
    {
        _envelopes.Add((_message.WrittenCount, envelope.Length));
        _message.Write(envelope);
        return this;
    }

    /// <summary>Appends what was added, as one batch, and checks that nothing is unaccounted for, which is not asked while another thread changes the store.</summary>
    public void Append(bool conserved = true)
    {
        foreach (var (offset, length) in _envelopes)
        {
            Assert.True(RawEnvelope.TryRead(_message.WrittenSpan.Slice(offset, length), out var header));
            _batch.Add(_message.WrittenSpan, offset, length, header);
        }

        _batch.AppendTo(_message.WrittenSpan);
        _envelopes.Clear();
        _message.ResetWrittenCount();
        if (conserved)
        {
            AssertConserved();
        }
    }

    public void AssertConserved()
    {
        Assert.Equal(Counters.Received + Counters.Loaded, Counters.Appended + Counters.Folded + Counters.Replaced + Counters.TooLarge);
        Assert.InRange(Store.Used, 0, Store.Limits.Bytes);
        var all = Store.Index.Sets.SelectMany(set => set.Slots.ToArray()).OfType<TimeSeries>().ToArray();
        Assert.Equal(Store.Count, all.Length);
        Assert.Equal(all.Sum(SeriesEviction.EntriesOf), Store.Appender.Eviction.Entries);
        Assert.Equal(Store.Index.Sources.Sum(source => source.HeldBytes), Store.Used);
    }

    /// <summary>What there is, by the text of its labels.</summary>
    public Dictionary<string, Sample[]> Read() => Read(new SeriesQuery());

    public Dictionary<string, Sample[]> Read(SeriesQuery query)
    {
        var cursor = new SeriesCursor(Store, query);
        var read = new Dictionary<string, Sample[]>();
        while (cursor.MoveNext())
        {
            read.Add(Describe(cursor), cursor.Samples.ToArray());
        }

        return read;
    }

    /// <summary><c>source/name{key=value,…}</c>.</summary>
    public static string Key(string source, string name, params (string Key, string Value)[] tags) =>
        $"{source}/{name}{{{string.Join(",", tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"))}}}";

    private static string Describe(SeriesCursor cursor)
    {
        var identity = Envelope.Parser.ParseFrom(cursor.Identity);
        return Key(identity.SourceId, Encoding.UTF8.GetString(cursor.Name), [.. identity.Tags.Select(tag => (tag.Key, tag.Value))]);
    }
}
