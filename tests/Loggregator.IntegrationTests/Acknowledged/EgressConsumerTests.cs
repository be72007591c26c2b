using Loggregator.Client.Connect;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.IntegrationTests.Doppler;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Loggregator.IntegrationTests.Acknowledged;

public sealed class EgressConsumerTests : IAsyncLifetime
{
    private DopplerHost _doppler = null!;

    public async ValueTask InitializeAsync() => _doppler = await DopplerHost.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _doppler.AssertConservationAsync();
        await _doppler.DisposeAsync();
    }

    [Fact]
    public async Task Stream_ThatBreaks_IsMadeAgain_AndTheNextFrameSaysSo()
    {
        var cancel = DopplerHost.Patience;
        await using var proxy = new FaultProxy(new Uri(_doppler.Address).Port, seed: 1);
        await using var consumer = new EgressConsumer(
            proxy.Address, PeerConnector.DopplerName, "", [Some.Logs()], new PeerConnector(), TimeProvider.System, NullLogger.Instance);
        await using var frames = consumer.ReadAllAsync(cancel).GetAsyncEnumerator(cancel);

        Assert.Equal((1, 0), await NextAsync(frames, streams: 1));
        proxy.Cut();
        await DopplerHost.UntilAsync(() => _doppler.Counters.EgressStreams == 0, "the Doppler has seen the cut");
        Assert.Equal((1, 1), await NextAsync(frames, streams: 1));
        Assert.Equal((1, 0), await NextAsync(frames, streams: 1));
        Assert.Equal((3, 0), (consumer.Received, consumer.Invalid));
    }

    private async Task<(int Envelopes, int Gaps)> NextAsync(IAsyncEnumerator<ConsumedFrame> frames, int streams)
    {
        var next = frames.MoveNextAsync().AsTask();
        await DopplerHost.UntilAsync(() => _doppler.Counters.EgressStreams == streams, "the stream is open");
        await _doppler.SendAsync(Some.Log("a", "x"));
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, DopplerHost.Patience));
        using var frame = frames.Current;
        frame.Acknowledge(); // says nothing to the sender
        Assert.Equal(frame.Count, EnvelopeBatch.Parser.ParseFrom(frame.Records.Span).Batch.Count);
        return (frame.Count, frame.Gaps.Count);
    }
}
