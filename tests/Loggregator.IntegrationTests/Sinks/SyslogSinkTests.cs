using Loggregator.Nozzle.Delivery;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

public sealed class RsyslogTcpTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => SyslogPeer.StartAsync(SyslogDaemon.Rsyslog, "tcp");

    [Theory]
    [InlineData("framing=newline")]
    [InlineData("format=syslog-plain")]
    [InlineData("format=syslog-plain&framing=newline&record-id=true")]
    public async Task Message_OfSeveralLines_StaysOneMessage(string options)
    {
        await using var peer = (SyslogPeer)await StartPeerAsync();
        await using var run = new SinkRun($"{peer.Url}?{options}");
        run.Source.Append(TrafficController.Sample.Log("app-1", "first\nsecond\n"), new NumberedLog("app-0", 1).Envelope());
        await DeliveredAsync(run, 2);
        await ArrivedAsync(peer, 1, 1);
        var lines = peer.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains("first", lines[0], StringComparison.Ordinal);
        Assert.Contains("second", lines[0], StringComparison.Ordinal);
    }
}

public sealed class RsyslogTlsTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => SyslogPeer.StartAsync(SyslogDaemon.Rsyslog, "tls", mutual: true);

    [Fact]
    public async Task Receiver_ThatWantsACertificate_GetsNothingWithoutOne()
    {
        await using var peer = await StartPeerAsync();
        await using var run = new SinkRun(peer.Url, keys: [peer.Keys[0]]);
        run.Source.Append(NumberedLog.Envelopes(1, 5));
        await Deadline.UntilAsync(() => run.Counters.State == SinkState.Retrying, () => "the sink did not notice", Cancel);
        Assert.Equal(0, run.Source.Delivered);
        Assert.Empty(peer.Received());
    }

    [Fact]
    public async Task Receiver_OfAnotherName_IsRefusedWithTheReason()
    {
        await using var peer = await StartPeerAsync();
        await using var run = Start(peer, ("server-name", "logs.example.com"));
        run.Source.Append(NumberedLog.Envelopes(1, 5));
        await Deadline.UntilAsync(() => run.Counters.LastFailure is not null, () => "the sink did not notice", Cancel);
        Assert.Contains("does not name 'logs.example.com'", run.Counters.LastFailure!.Reason, StringComparison.Ordinal);
        Assert.Equal(0, run.Source.Delivered);
    }
}

public sealed class SyslogNgTcpTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => SyslogPeer.StartAsync(SyslogDaemon.SyslogNg, "tcp");
}

public sealed class SyslogNgTlsTests : SinkContract
{
    protected override Task<SinkPeer> StartPeerAsync() => SyslogPeer.StartAsync(SyslogDaemon.SyslogNg, "tls", mutual: true);
}
