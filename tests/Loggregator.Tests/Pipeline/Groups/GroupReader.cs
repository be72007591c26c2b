using System.Globalization;
using Loggregator.Pipeline.Groups;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.V2;
using Loggregator.Tests.Pipeline.Log;
using Xunit;

namespace Loggregator.Tests.Pipeline.Groups;

/// <summary>A member of an acknowledged group, with a consumer of its own, and what it got.</summary>
internal sealed class GroupReader : IDisposable
{
    public const string Shard = "group";
    private const uint Id = 7;
    private readonly RecordingFrame _frame = new(4 * 1024);

    public GroupReader(LogFixture log, string name, long credit = long.MaxValue / 2, SubscriptionRequest? start = null, params Selector[] selectors)
    {
        Name = name;
        Consumer = log.Consumer();
        Opened = Consumer.Open(new SubscriptionRequest
        {
            Id = Id,
            Selectors = LogFixture.Compile(selectors.Length == 0 ? [LogFixture.AnyLog] : selectors),
            ShardId = Shard,
            BySource = true,
            Acknowledged = true,
            MemberName = name,
            Credit = credit,
            Start = start?.Start ?? SubscriptionStart.Now,
            After = start?.After ?? 0,
            Since = start?.Since ?? long.MinValue,
            OnEnded = why => Ended = why,
        });
    }

    public string Name { get; }

    public LogConsumer Consumer { get; }

    public OpenedSubscription Opened { get; }

    public string? Ended { get; private set; }

    public IReadOnlyList<long> Positions => _frame.Positions.TryGetValue(Id, out var positions) ? positions : [];

    /// <summary>The numbers that its envelopes carry.</summary>
    public List<int> Numbers { get; } = [];

    public int Gaps => _frame.Gaps.TryGetValue(Id, out var gaps) ? gaps.Count : 0;

    /// <summary>Envelopes that it was told to be lost, in the first so many gaps.</summary>
    public long Lost(int gaps = int.MaxValue) => _frame.Gaps.TryGetValue(Id, out var told) ? told.Take(gaps).Sum(gap => gap.Count) : 0;

    public int Acked { get; private set; }

    public int AckedGaps { get; private set; }

    public bool ReadOne()
    {
        var any = _frame.ReadOne(Consumer);
        any |= Consumer.FillNotices(_frame) && _frame.ReadOne(Consumer);
        Numbers.AddRange(_frame.Of(Id).Skip(Numbers.Count).Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)));
        Assert.Equal(Numbers.Count, Positions.Count);
        return any;
    }

    public GroupReader ReadAll()
    {
        while (ReadOne())
        {
        }

        return this;
    }

    /// <summary>Acknowledges the first so many envelopes and, if not said otherwise, all gaps.</summary>
    public string? Ack(int envelopes, int? gaps = null)
    {
        var error = Consumer.Acknowledge(Id, envelopes, gaps ?? Gaps);
        if (error is null)
        {
            (Acked, AckedGaps) = (Math.Max(Acked, envelopes), Math.Max(AckedGaps, gaps ?? Gaps));
        }

        return error;
    }

    public void AckAll() => Assert.Null(Ack(Positions.Count));

    public void Grant(long bytes) => Consumer.Grant(Id, bytes);

    public bool Close() => Consumer.Close(Id);

    public void Dispose() => Consumer.Dispose();

    public static GroupReport ReportOf(LogFixture log) => Assert.Single(log.Log.Groups.Report());

    /// <summary>The books balance, and nothing is held.</summary>
    public static GroupReport AssertSettled(LogFixture log)
    {
        var report = ReportOf(log);
        Assert.Equal(report.Matched, report.Acknowledged + report.Dropped);
        Assert.Equal(0, report.Held);
        Assert.Equal(0, report.InFlight);
        return report;
    }
}
