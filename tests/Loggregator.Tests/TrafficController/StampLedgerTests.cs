using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.TrafficController;

public sealed class StampLedgerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Membership _member = new(null!, null!);
    private readonly StampLedger _ledger;

    public StampLedgerTests() => _ledger = Ledger(1000, new StampBudget(1000));

    [Fact]
    public void Jump_AfterACrash_IsTold()
    {
        Note(1, 2, 3);
        _ledger.Crashed();
        Assert.True(Note(8));
        Assert.Equal(4ul, Lost());
        Assert.Equal(0ul, Lost());
    }

    [Fact]
    public void Jump_JustBeforeTheCrashIsNoticed_IsTold()
    {
        Note(1, 5);
        _ledger.Crashed();
        Assert.Equal(3ul, Lost());
    }

    [Fact]
    public void Jump_LongAfterTheCrashButFirstSince_IsTold()
    {
        Note(1);
        _ledger.Crashed();
        Assert.Equal(0ul, Lost());
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(Note(3));
        Assert.Equal(1ul, Lost());
    }

    [Fact]
    public void Jump_WithoutACrash_IsNotTold()
    {
        Assert.False(Note(1, 9));
        Assert.Equal(0ul, Lost());
    }

    [Fact]
    public void Jump_OfAStreamThatCameUnharmedThroughTheCrash_IsNotTold()
    {
        Note(1);
        _ledger.Crashed();
        Note(2);
        Assert.False(Note(9));
        Assert.Equal(0ul, Lost());
    }

    [Fact]
    public void Late_WithinTheGrace_IsNotLost()
    {
        Note(1);
        _ledger.Crashed();
        Note(7, 4, 2, 3);
        Assert.Equal(2ul, Lost()); // 5 and 6
    }

    [Fact]
    public void Copies_AreCountedOnce()
    {
        Note(1, 2, 3);
        _ledger.Crashed();
        Note(2, 3, 6, 5, 5, 6, 1);
        Assert.Equal(1ul, Lost());
    }

    [Fact]
    public void Settling_BeforeTheGraceIsOver_TellsNothing()
    {
        Note(1);
        _ledger.Crashed();
        Note(3);
        List<StampAccount> lost = [];
        Assert.True(_ledger.Settle(lost));
        Assert.Empty(lost);
        Assert.Equal(1ul, Lost());
    }

    [Fact]
    public void NewEpoch_IsANewCount()
    {
        Note(1, 2);
        _ledger.Crashed();
        NotePage(epoch: 2, live: true, 50, 51);
        Assert.Equal(0ul, Lost());
    }

    [Fact]
    public void Epochs_SideBySide_AreToldTogether()
    {
        NotePage(epoch: 1, live: true, 1);
        NotePage(epoch: 2, live: true, 1);
        _ledger.Crashed();
        NotePage(epoch: 1, live: true, 3);
        NotePage(epoch: 2, live: true, 4);
        Assert.Equal(3ul, Lost());
    }

    [Theory]
    [InlineData("agent", "ring_full", 7ul)]
    [InlineData("doppler", "evicted", 7ul)]
    [InlineData("agent", "invalid", 10ul)] // never numbered
    [InlineData("agent", "too_large", 10ul)]
    [InlineData("traffic-controller", "too_large", 10ul)] // its number came
    public void ToldOtherwise_BeforeOrAfterTheJump_IsSubtracted(string hop, string reason, ulong rest)
    {
        Note(1);
        _ledger.Told("app", "0", hop, reason, 1);
        _ledger.Crashed();
        Note(12);
        _ledger.Told("app", "0", hop, reason, 2);
        _ledger.Told("other", "0", hop, reason, 100);
        Assert.Equal(rest, Lost());
    }

    [Fact]
    public void ToldOtherwise_LongBeforeTheNextOfAQuietSource_IsSubtracted()
    {
        Note(1);
        _ledger.Told("app", "0", "doppler", "evicted", 4);
        _ledger.Crashed();
        Assert.Equal(0ul, Lost());
        _time.Advance(TimeSpan.FromMinutes(30));
        _ledger.Told("other", "0", "doppler", "evicted", 1); // forgets what is old
        Note(8);
        Assert.Equal(2ul, Lost());
    }

    [Fact]
    public void GapRecordInThePage_IsSubtracted()
    {
        Note(1);
        _ledger.Crashed();
        using var envelope = MessageBuffer.Rent(256);
        GapRecord.Write(envelope, "app"u8, "0"u8, 4, "agent"u8, "ring_full"u8, 1);
        NoteRecords(records => Records.Append(records, envelope.Span), 1, live: true);
        Note(8);
        Assert.Equal(2ul, Lost());
    }

    [Fact]
    public void History_InParts_ProvesNothing()
    {
        NotePage(epoch: 1, live: false, 10, 11, 50, 51);
        _ledger.Crashed();
        Note(60); // the last history and the first live envelope may be of different Dopplers
        Assert.Equal(0ul, Lost());
        _ledger.Crashed();
        Note(62);
        Assert.Equal(1ul, Lost());
    }

    [Fact]
    public void Counts_BeyondTheBound_ForgetWhoWasNotHeardOfForLongest()
    {
        var budget = new StampBudget(64);
        using (var ledger = Ledger(1000, budget))
        {
            for (var i = 0u; i < 10_000; i++)
            {
                NoteRecords(records => Append(records, i, 1), 1, live: true, ledger);
                Assert.InRange(ledger.Count, 1, 64);
            }

            Assert.False(budget.TryTake(1));
        }

        Assert.True(budget.TryTake(64));
    }

    [Theory]
    [InlineData(EnvelopeType.Log, true, "")]
    [InlineData(EnvelopeType.Counter, true, "")]
    [InlineData(EnvelopeType.Counter, false, "dropped")]
    public void Provable_AreTypesReadWhole(EnvelopeType type, bool provable, string counter)
    {
        var request = new StreamRequest
        {
            Selectors =
            [
                new Selector { SourceId = "app", Log = new LogSelector() },
                new Selector { SourceId = "app", Counter = new CounterSelector { Name = counter } },
            ],
            Gaps = true,
        };
        Assert.Equal(provable, (request.ProvableTypes & (1 << (int)type)) != 0);
    }

    [Fact]
    public void Provable_CountersOfFewerSourcesThanGapRecordsComeOf_AreNot()
    {
        var request = new StreamRequest
        {
            Selectors =
            [
                new Selector { SourceId = "a", Counter = new CounterSelector() },
                new Selector { SourceId = "b", Log = new LogSelector() },
            ],
            Gaps = true,
        };
        Assert.Equal(1 << (int)EnvelopeType.Log, request.ProvableTypes);
        Assert.Equal(0, new StreamRequest { Selectors = request.Selectors, ShardId = "shard" }.ProvableTypes);
    }

    private static StreamRequest Logs() => new() { Selectors = [new Selector { Log = new LogSelector() }] };

    private static void Append(MessageBuffer records, uint epoch, ulong sequence)
    {
        using var envelope = MessageBuffer.Rent(256);
        EnvelopeWriter.Log(envelope, 1, "app"u8, "0"u8, "line"u8, isError: false);
        Span<byte> stamp = stackalloc byte[Stamp.MaxLength];
        envelope.Write(stamp[..Stamp.Write(stamp, epoch, sequence)]);
        Records.Append(records, envelope.Span);
    }

    private StampLedger Ledger(int capacity, StampBudget budget) => new(capacity, budget, Logs().ProvableTypes, _time);

    private bool Note(params ulong[] sequences) => NotePage(epoch: 1, live: true, sequences);

    private bool NotePage(uint epoch, bool live, params ulong[] sequences) => NoteRecords(
        records =>
        {
            foreach (var sequence in sequences)
            {
                Append(records, epoch, sequence);
            }
        },
        sequences.Length, live);

    private bool NoteRecords(Action<MessageBuffer> append, int count, bool live, StampLedger? ledger = null)
    {
        using var records = MessageBuffer.Rent(1024);
        append(records);
        var page = Page.Of(new DopplerRun(records, 0, records.Length, count, 1), new Line(null!, Logs(), live), owners: 1);
        var pass = new StampPass();
        (ledger ?? _ledger).Note(page, _member, pass);
        page.Release();
        return pass.Due;
    }

    private ulong Lost()
    {
        _time.Advance(StampLedger.Grace);
        List<StampAccount> lost = [];
        Assert.False(_ledger.Settle(lost));
        return lost.Aggregate(0ul, (sum, account) => sum + account.Missing - account.Told);
    }
}
