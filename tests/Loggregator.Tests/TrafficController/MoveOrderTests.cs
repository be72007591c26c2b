using System.Globalization;
using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Loggregator.Tests.Benchmarks;
using Loggregator.TrafficController;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.TrafficController;

[Collection(AllocationCollection.Name)]
public sealed class MoveOrderTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TrafficControllerCounters _counters = new();
    private readonly Membership _old = new(null!, null!), _new = new(null!, null!), _third = new(null!, null!);
    private readonly List<StreamItem> _out = [];
    private readonly StampLedger _ledger;
    private readonly MoveOrder _order;
    private bool _stopping;

    public MoveOrderTests()
    {
        _ledger = new StampLedger(1000, new StampBudget(1000), Logs.ProvableTypes, _time);
        _order = new MoveOrder(_ledger, _counters, () => _stopping, _time);
    }

    public void Dispose() => _ledger.Dispose();

    private static StreamRequest Logs => new() { Selectors = [new Selector { Log = new LogSelector() }] };

    [Fact]
    public void NewDoppler_ReadFaster_WaitsForWhatTheOldOneStillBrings()
    {
        Bring(_old, "a1 a2");
        Bring(_new, "a5 a6");
        Bring(_new, "a7");
        Assert.Equal("a1 a2", Written());
        Bring(_old, "a3");
        Assert.Equal("a1 a2 a3", Written());
        Bring(_old, "a4");
        Assert.Equal("a1 a2 a3 a4 a5 a6 a7", Written());
        Assert.Equal(0, _order.Holds);
        Assert.Equal(0, _counters.Duplicates);
    }

    [Fact]
    public void NothingWaits_WhereNoSourceMoved()
    {
        Bring(_old, "a1 b1");
        Bring(_old, "a7 b2"); // lost before: the same Doppler brings no more of it
        Bring(_new, "c5 a8"); // of c nothing is known
        Assert.Equal("a1 b1 a7 b2 c5 a8", Written());
    }

    [Fact]
    public void WhatWaits_KeepsItsDopplersOrder_EvenThatOfOtherSources()
    {
        Bring(_old, "a1");
        Bring(_new, "b1 a3 b2");
        _order.TryPass(ref Item(new StreamItem(StreamItemKind.HistoryDone, _new, null, default, null)));
        Bring(_third, "c1");
        Assert.Equal("a1 c1", Written());
        Bring(_old, "a2");
        Assert.Equal("a1 c1 a2 b1 a3 b2", Written());
        Assert.Equal(StreamItemKind.HistoryDone, _out[^1].Kind);
    }

    [Fact]
    public void MoveBackAndForth_StaysInOrder()
    {
        Bring(_old, "a1");
        Bring(_new, "a3");
        Bring(_third, "a4");
        Assert.Equal("a1", Written());
        Bring(_old, "a2");
        Assert.Equal("a1 a2 a3 a4", Written());
    }

    [Fact]
    public void NothingWaits_LongerThanASecond_AndTheSameDopplerIsNotAwaitedAgainAtOnce()
    {
        Bring(_old, "a1 b1 c1");
        Bring(_new, "a3");
        _time.Advance(MoveOrder.Patience - TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.FromMilliseconds(1), _order.Left);
        Look();
        Assert.Equal("a1 b1 c1", Written());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Look();
        Bring(_new, "b3");
        Assert.Equal("a1 b1 c1 a3 b3", Written());

        _time.Advance(TimeSpan.FromSeconds(10));
        Bring(_new, "c3");
        Assert.Equal(1, _order.Holds);
        Bring(_old, "a2 c2"); // late is better than never
        Assert.Equal("a1 b1 c1 a3 b3 a2 c2 c3", Written());
        Assert.Equal(0, _counters.Duplicates);
    }

    [Fact]
    public void NothingWaits_WhenTheRoleStops()
    {
        Bring(_old, "a1");
        Bring(_new, "a3");
        _stopping = true;
        Look();
        Assert.Equal("a1 a3", Written());
    }

    [Fact]
    public void NothingWaits_ForWhatWasToldAsLost()
    {
        Bring(_old, "a1");
        Bring(_new, "a4");
        _ledger.Told("a", "0", "agent", "ring_full", 1);
        Look();
        Assert.Equal("a1", Written());
        _ledger.Told("a", "0", "agent", "ring_full", 1);
        Look();
        Assert.Equal("a1 a4", Written());
    }

    [Fact]
    public void NothingWaits_ForWhatACrashTookAlong()
    {
        Bring(_old, "a1");
        _ledger.Crashed();
        Bring(_new, "a3");
        Assert.Equal("a1 a3", Written());
    }

    [Fact]
    public void SentAgainToAnotherDoppler_IsShownOnce()
    {
        Bring(_old, "a1 a2 b1 a3");
        Bring(_new, "a2 a3 b1 a4");
        Bring(_new, "a5");
        Bring(_old, "a4"); // the old one had got more than it could say
        Assert.Equal("a1 a2 b1 a3 a4 a5", Written());
        Assert.Equal(4, _counters.Duplicates);
    }

    [Fact]
    public void SentAgain_WhileTheFirstCopyIsStillUnread_IsShownOnceAndInOrder()
    {
        Bring(_old, "a1");
        Bring(_new, "a3 a4 a5");
        Bring(_old, "a2 a3 a4");
        Assert.Equal("a1 a2 a3 a4 a5", Written());
        Assert.Equal(2, _counters.Duplicates);
    }

    [Fact]
    public void SentAgain_WhereTheProofEnds_IsShown()
    {
        Bring(_old, "a1");
        _ledger.Crashed();
        Bring(_new, "a5"); // 2 to 4 may come late, and once they have nobody knows which
        Bring(_third, "a4 a1");
        Assert.Equal("a1 a5 a4 a1", Written());
        Bring(_third, "a5");
        Assert.Equal("a1 a5 a4 a1", Written());
    }

    [Fact]
    public void SameDoppler_IsNeverTakenForACopy()
    {
        Bring(_old, "a1 a2 a1 a2"); // it drops copies itself: this is somebody else's count
        Assert.Equal("a1 a2 a1 a2", Written());
    }

    [Fact]
    public void Abandon_HandsBackWhatWaits()
    {
        Bring(_old, "a1");
        Bring(_new, "a3");
        Bring(_new, "a4");
        _order.Abandon(_out);
        Assert.Equal("a1 a3 a4", Written());
        Assert.Equal(0, _order.Holds);
    }

    [Fact]
    public void InOrder_AllocatesNothing()
    {
        const int Pages = 2000;
        StreamItem[] items =
        [
            .. Enumerable.Range(1, Pages).Select(i => new StreamItem(StreamItemKind.Page, i % 2 == 0 ? _old : _new, PageOf([$"a{i}"]), default, null)),
        ];
        Assert.All(items, item => Assert.Equal(1, item.Page!.Marks.Length)); // read, as the first reader does
        long allocated = 0;
        for (var i = 0; i < Pages; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var passed = _order.TryPass(ref items[i]) && !_order.Release(_out);
            allocated += i < Pages / 2 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(passed);
        }

        Assert.Equal(0, allocated);
    }

    private void Bring(Membership member, string envelopes)
    {
        var item = new StreamItem(StreamItemKind.Page, member, PageOf(envelopes.Split(' ')), default, null);
        if (_order.TryPass(ref item))
        {
            _out.Add(item);
        }

        _order.Release(_out);
    }

    private void Look()
    {
        _order.LookAround();
        _order.Release(_out);
    }

    private ref StreamItem Item(StreamItem item)
    {
        _item = item;
        return ref _item;
    }

    private StreamItem _item;

    // "a7" is source a, number 7.
    private static Page PageOf(string[] envelopes)
    {
        using var records = MessageBuffer.Rent(1024);
        Span<byte> stamp = stackalloc byte[Stamp.MaxLength];
        foreach (var envelope in envelopes)
        {
            using var bytes = MessageBuffer.Rent(256);
            EnvelopeWriter.Log(bytes, 1, Encoding.UTF8.GetBytes(envelope[..1]), "0"u8, Encoding.UTF8.GetBytes(envelope), isError: false);
            bytes.Write(stamp[..Stamp.Write(stamp, 1, ulong.Parse(envelope[1..], CultureInfo.InvariantCulture))]);
            Records.Append(records, bytes.Span);
        }

        return Page.Of(new DopplerRun(records, 0, records.Length, envelopes.Length, 1), new Line(null!, Logs, historyDone: true), owners: 1);
    }

    private string Written()
    {
        List<string> texts = [];
        foreach (var page in _out.Select(item => item.Page).OfType<Page>())
        {
            var count = 0;
            var records = new RecordReader(page.Records);
            while (records.MoveNext())
            {
                count++;
                texts.Add(Envelope.Parser.ParseFrom(records.Current).Log.Payload.ToStringUtf8());
            }

            Assert.Equal(page.Count, count);
        }

        return string.Join(' ', texts);
    }
}
