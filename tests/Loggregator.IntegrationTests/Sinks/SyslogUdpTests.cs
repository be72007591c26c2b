using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>UDP confirms nothing, so the contract's promises about a receiver that is gone cannot be kept; what remains is here.</summary>
public sealed class SyslogUdpTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("rsyslog")]
    [InlineData("syslog-ng")]
    public async Task Datagrams_Arrive(string daemon)
    {
        await using var peer = await SyslogPeer.StartAsync(daemon == "rsyslog" ? SyslogDaemon.Rsyslog : SyslogDaemon.SyslogNg, "udp");
        await using var run = new SinkRun(peer.Url);
        for (var number = 1; number <= 300; number += 10)
        {
            run.Source.Append(NumberedLog.Envelopes(2, 10, number)); // few at a time: nothing holds UDP back
            await Deadline.UntilAsync(() => peer.Received().Count == 2 * (number + 9), () => $"{peer.Received().Count} of {2 * (number + 9)}", Cancel);
        }

        Assert.All(peer.Received().GroupBy(log => log.Source), source => Assert.Equal(Enumerable.Range(1, 300), source.Select(log => log.Number)));
    }

    [Fact]
    public async Task Receiver_ThatIsGone_IsNoticedAndGetsWhatComesLater()
    {
        await using var peer = await SyslogPeer.StartAsync(SyslogDaemon.Rsyslog, "udp");
        await using var run = new SinkRun(peer.Url);
        run.Source.Append(NumberedLog.Envelopes(1, 10));
        await Deadline.UntilAsync(() => peer.Received().Count == 10, () => $"{peer.Received().Count} of 10", Cancel);
        await peer.BreakAsync();
        var next = 11;
        await Deadline.UntilAsync(() => run.Counters.LastFailure is not null, () => "it was not noticed", Cancel, each: () =>
        {
            run.Source.Append(NumberedLog.Envelopes(1, 1, next++)); // the first is lost for certain: its refusal comes back later
            return Task.CompletedTask;
        });
        await peer.RepairAsync();
        run.Source.Append(NumberedLog.Envelopes(1, 10, next));
        await Deadline.UntilAsync(() => peer.Received().Any(log => log.Number == next + 9), () => "what came later did not arrive", Cancel);
        Assert.Equal(peer.Received().Select(log => log.Number).Order(), peer.Received().Select(log => log.Number));
    }

    [Fact]
    public async Task Message_LargerThanADatagram_IsPutAway()
    {
        await using var peer = await SyslogPeer.StartAsync(SyslogDaemon.Rsyslog, "udp");
        await using var run = new SinkRun(peer.Url + "?max-datagram=1000");
        run.Source.Append(new NumberedLog("app-0", 1).Envelope(padding: 2_000), new NumberedLog("app-0", 2).Envelope());
        await Deadline.UntilAsync(() => run.Source.Delivered == 2 && peer.Received().Count == 1, () => run.Shown, Cancel);
        Assert.Contains("longer than a datagram", Assert.Single(run.DeadLetters), StringComparison.Ordinal);
    }
}
