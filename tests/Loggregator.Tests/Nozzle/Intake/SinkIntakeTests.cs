using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.Nozzle.Filters;
using Loggregator.Nozzle.Intake;
using Loggregator.Nozzle.Settings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Tests.Nozzle.Spool;
using Xunit;

namespace Loggregator.Tests.Nozzle.Intake;

public sealed class SinkIntakeTests : IDisposable
{
    private static readonly CursorMark Mark = new("doppler-1", 7, 100);
    private readonly IntakeCounters _counters = new();
    private readonly List<MessageBuffer> _frames = [];

    public void Dispose() => _frames.ForEach(frame => frame.Dispose());

    [Fact]
    public async Task Frame_ThatTheSinkTakesWhole_IsHandedOnAsItCame()
    {
        var buffer = new KeepingBuffer();
        using var frame = Frame(10, [], ("a", 5), ("b", 1));
        await Intake(buffer, RecordFilter.All).TakeAsync(frame);
        Assert.Same(frame.Buffer, Assert.Single(buffer.Entries).Buffer);
        Assert.Equal(["doppler-1/7/11", "doppler-1/7/13", "doppler-1/7/15", "doppler-1/7/17", "doppler-1/7/19", "doppler-1/7/21"], buffer.Kept.Select(kept => kept.Id));
        AssertBooks(received: 6, filtered: 0, appended: 6);
    }

    [Fact]
    public async Task Filter_KeepsPositionsOfWhatItTakes_AndMayChangeBetweenFrames()
    {
        var buffer = new KeepingBuffer();
        var intake = Intake(buffer, Filter("b"));
        using var first = Frame(10, [], ("a", 2), ("b", 2));
        await intake.TakeAsync(first);
        Assert.Equal(["doppler-1/7/15", "doppler-1/7/17"], buffer.Kept.Select(kept => kept.Id));
        intake.Filter = Filter("nobody");
        using var second = Frame(20, [], ("b", 3));
        await intake.TakeAsync(second);
        AssertBooks(received: 7, filtered: 5, appended: 2);
    }

    [Fact]
    public async Task Gaps_BecomeGapRecordsInFront_OfTheSinksSourcesAndOfUnknownOnes()
    {
        var buffer = new KeepingBuffer();
        ConsumedGap[] gaps =
        [
            new("b", "0", 12, UpperBound: true, "doppler", "evicted", 40, 60, 1, 2), new("a", "0", 3, UpperBound: false, "doppler", "evicted", 30, 33, 1, 2),
            ConsumedGap.Unknown(Loggregator.Pipeline.Flow.LossReason.PeerGone),
        ];
        using var frame = Frame(70, gaps, ("b", 1));
        await Intake(buffer, Filter("b")).TakeAsync(frame);
        var told = buffer.Kept.SkipLast(1).Select(kept => Gap(kept.Envelope)).ToList();
        Assert.Equal([("other", 0UL, "doppler", "peer_gone", false), ("b", 12UL, "doppler", "evicted", true)], told);
        Assert.Equal(["doppler-1/7/0", "doppler-1/7/40", "doppler-1/7/71"], buffer.Kept.Select(kept => kept.Id));
        AssertBooks(received: 1, filtered: 0, appended: 3, told: 2);
        Assert.Equal(12, _counters.ToldLost);
    }

    [Fact]
    public async Task Envelope_TooLargeForTheSpool_IsAGapRecordInItsPlace_AndLargeFramesAreSplit()
    {
        var buffer = new KeepingBuffer { MaxEntryBytes = 400 };
        using var frame = Frame(0, [], ("a", 4, 150), ("b", 1, 500), ("c", 2, 150));
        await Intake(buffer, RecordFilter.All).TakeAsync(frame);
        Assert.All(buffer.Entries, entry => Assert.InRange(entry.Length, 1, 400));
        Assert.Equal(("b", 1UL, "nozzle", "too_large", false), Gap(buffer.Kept[4].Envelope));
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"doppler-1/7/{(2 * i) + 1}"), buffer.Kept.Select(kept => kept.Id));
        AssertBooks(received: 7, filtered: 0, appended: 7, told: 1, tooLarge: 1);
    }

    [Fact]
    public async Task WhatComesWithoutPositions_GetsIdsOfItsOwn()
    {
        var buffer = new KeepingBuffer();
        var intake = Intake(buffer, RecordFilter.All);
        for (var i = 0; i < 2; i++)
        {
            var lines = Keep(SpoolFixture.Lines(0, 3));
            using var frame = new ConsumedFrame(null, new CursorMark("10.0.0.1:8083", 0, 0), [], new DopplerRun(lines, 0, lines.Length, 3, 1));
            await intake.TakeAsync(frame);
        }

        Assert.Equal(6, buffer.Kept.Select(kept => kept.Id).Distinct().Count());
    }

    private static RecordFilter Filter(string sources)
    {
        var errors = new List<string>();
        var filter = RecordFilter.Read(new OptionReader(new Dictionary<string, IReadOnlyList<string>> { ["sources"] = [sources] }, errors));
        Assert.Empty(errors);
        return filter;
    }

    private static (string Source, ulong Count, string Hop, string Reason, bool Upper) Gap(string hex)
    {
        var envelope = Convert.FromHexString(hex);
        Assert.True(RawEnvelope.TryReadHeader(envelope, out var header));
        Assert.True(GapRecord.TryRead(envelope, header, out var gap));
        return (Encoding.UTF8.GetString(gap.SourceId), gap.Count, Encoding.UTF8.GetString(gap.Hop), Encoding.UTF8.GetString(gap.Reason), gap.UpperBound);
    }

    // Its envelopes stand at every second position behind the given one.
    private ConsumedFrame Frame(ulong before, IReadOnlyList<ConsumedGap> gaps, params (string Source, int Count, int Bytes)[] lines)
    {
        var frame = Keep(MessageBuffer.Rent(0));
        foreach (var (source, count, bytes) in lines)
        {
            using var some = SpoolFixture.Lines(0, count, bytes, source);
            frame.Write(some.Span);
        }

        var (length, number) = (frame.Length, lines.Sum(line => line.Count));
        frame.Write([1, .. Enumerable.Repeat((byte)2, number - 1)]);
        return new ConsumedFrame(null, Mark, gaps, new DopplerRun(frame, 0, length, number, 1, new ByteRange(length, number), before));
    }

    private ConsumedFrame Frame(ulong before, IReadOnlyList<ConsumedGap> gaps, params (string Source, int Count)[] lines) =>
        Frame(before, gaps, [.. lines.Select(line => (line.Source, line.Count, 0))]);

    private MessageBuffer Keep(MessageBuffer frame)
    {
        _frames.Add(frame);
        return frame;
    }

    private SinkIntake Intake(KeepingBuffer buffer, RecordFilter filter) => new(buffer, filter, _counters, TimeProvider.System);

    private void AssertBooks(long received, long filtered, long appended, long told = 0, long tooLarge = 0)
    {
        Assert.Equal((received, filtered, appended, told, tooLarge), (_counters.Received, _counters.Filtered, _counters.Appended, _counters.Told, _counters.TooLarge));
        Assert.Equal(received + told, filtered + tooLarge + appended);
    }
}
