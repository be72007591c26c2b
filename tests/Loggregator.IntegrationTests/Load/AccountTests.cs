using Google.Protobuf;
using Loggregator.Load.Accounting;
using Loggregator.Load.Reporting;
using Loggregator.Load.Wire;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Load;

public sealed class AccountTests
{
    private const uint Run = 7;
    private const int Sources = 3;
    private readonly Tally _tally = new("reader", Run, Sources, links: 1, Sources);
    private readonly long[] _sent = new long[Sources];

    [Fact]
    public void Account_OfEverythingReceived_Holds()
    {
        Send(0, 1..10);
        Send(1, 1..5);
        Assert.True(Account.Of(_tally, _sent).Holds);
    }

    [Fact]
    public void Account_OfLossThatWasTold_HoldsAndNamesIt()
    {
        Send(0, 1..10, lost: 4);
        Tell(0, 4);
        var (sources, holds) = Account.Of(_tally, _sent);
        Assert.True(holds);
        var source = Assert.Single(sources);
        Assert.Equal(("agent/ring_full", 4L), (source.Gaps.Single().Key, source.Gaps.Single().Value));
    }

    [Fact]
    public void Account_OfSilentLoss_DoesNotHold()
    {
        Send(0, 1..10, lost: 1);
        Assert.False(Account.Of(_tally, _sent).Holds);
    }

    [Fact]
    public void Account_OfMoreToldThanLost_DoesNotHold()
    {
        Send(0, 1..10, lost: 1);
        Tell(0, 2);
        Assert.False(Account.Of(_tally, _sent).Holds);
    }

    [Fact]
    public void Account_OfAnUpperBoundAboveTheLoss_Holds()
    {
        Send(0, 1..10, lost: 1);
        Tell(0, 2, upperBound: true);
        Assert.True(Account.Of(_tally, _sent).Holds);
    }

    [Fact]
    public void Account_OfLossToldForAnotherSource_DoesNotHold()
    {
        Send(0, 1..10, lost: 1);
        Tell(1, 1);
        Assert.False(Account.Of(_tally, _sent).Holds);
    }

    [Fact]
    public void Account_OfLossFoldedIntoOther_HoldsBySum()
    {
        Send(0, 1..10, lost: 1);
        Send(1, 1..10, lost: 2);
        Tell("other", 3);
        Assert.True(Account.Of(_tally, _sent).Holds);
    }

    [Fact]
    public void Tally_OfAResentBatch_CountsDuplicatesApart()
    {
        Send(0, 1..10);
        Take(0, 3);
        Assert.Equal(1, _tally.Duplicates[0]);
        Assert.True(Account.Of(_tally, _sent).Holds);
    }

    private void Send(int source, Range sequences, int lost = 0)
    {
        for (var sequence = sequences.Start.Value; sequence <= sequences.End.Value; sequence++)
        {
            _sent[source]++;
            if (sequence >= sequences.Start.Value + lost)
            {
                Take(source, (ulong)sequence);
            }
        }
    }

    private void Take(int source, ulong sequence)
    {
        var payload = new byte[Trace.Length];
        new Trace(Run, source, 0, sequence, 1).Write(payload);
        Take(new Envelope { Timestamp = 1, SourceId = SourceName.Of(source, Run), Log = new Log { Payload = ByteString.CopyFrom(payload) } });
    }

    private void Tell(int source, ulong count, bool upperBound = false) => Tell(SourceName.Of(source, Run), count, upperBound);

    private void Tell(string source, ulong count, bool upperBound = false)
    {
        var gap = new Envelope { SourceId = source, Counter = new Counter { Name = "dropped", Delta = count }, Tags = { { "hop", "agent" }, { "reason", "ring_full" } } };
        if (upperBound)
        {
            gap.Tags.Add("bound", "upper");
        }

        Take(gap);
    }

    private void Take(Envelope envelope) => _tally.TakeBatch(new EnvelopeBatch { Batch = { envelope } }.ToByteArray());
}
