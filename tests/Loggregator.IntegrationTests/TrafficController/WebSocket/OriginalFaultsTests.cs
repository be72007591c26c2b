using Loggregator.Client.Connect;
using Loggregator.IntegrationTests.Doppler;
using Loggregator.IntegrationTests.Doppler.V1;
using Loggregator.TestKit.Originals;
using Loggregator.TestKit.WebSockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>Dopplers of a mixed fleet that die or fail, and clients that do not read.</summary>
public sealed class OriginalFaultsTests : OriginalsTest
{
    [Fact]
    public async Task Original_ThatIsKilled_LeavesTheTailGoingAndIsReadAgainWhenItIsBack()
    {
        await StartAsync(2);
        using var client = await OpenAsync("/apps/a/stream");
        await SubscribedAsync(1);
        await Originals[0].KillAsync();
        Originals[1].Publish("a", true, Payload(1), null);
        Assert.Equal(Payload(1), await client.ReadAsync(ClientFrame.Binary, Cancel));

        await Originals[0].ListenAsync();
        await Eventually.TrueAsync(() => Originals[0].Subscriptions == 1, "it is subscribed again");
        Originals[0].Publish("a", true, Payload(2), null);
        Assert.Equal(Payload(2), await client.ReadAsync(ClientFrame.Binary, Cancel));
    }

    [Fact]
    public async Task Original_WhoseStreamsFailAtOnce_IsTriedAgainAndHindersNobody()
    {
        await StartAsync(2);
        Originals[0].FailsAtOnce = true;
        using var client = await OpenAsync("/apps/a/stream");
        await Eventually.TrueAsync(() => Originals[0].Opened >= 5, "it has been tried five times");
        Originals[1].Publish("a", true, Payload(1), null);
        byte[] read;
        do
        {
            read = await client.ReadAsync(ClientFrame.Binary, Cancel); // at first records of two bytes, which the failing one had sent
        }
        while (read.Length == 2);

        Assert.Equal(Payload(1), read);
    }

    [Fact]
    public async Task Original_WhoseStreamsFailAtOnce_IsTriedEverMoreSeldom()
    {
        var time = new FakeTimeProvider();
        await StartAsync(1, time);
        Originals[0].FailsAtOnce = true;
        using var client = await OpenAsync("/apps/a/stream");
        var step = TimeSpan.FromMilliseconds(50);
        var passed = TimeSpan.Zero;
        while (Originals[0].Opened < 6)
        {
            time.Advance(step);
            passed += step;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
        }

        // Five pauses: each at least half of 100 ms and its doubles.
        Assert.InRange(passed, TimeSpan.FromMilliseconds((100 + 200 + 400 + 800 + 1600) / 2), TimeSpan.MaxValue);
    }

    [Fact]
    public async Task SlowClient_OverAnOriginal_IsToldWhatItsRingLost()
    {
        const int Envelopes = 10_000;
        await StartAsync(1);
        using var client = await OpenAsync("/apps/a/stream?slow-consumer=drop", receiveBuffer: 4096);
        await SubscribedAsync(1);
        var large = Sample.V1(Sample.BigLog("a", 2000));
        for (var sent = 1; sent <= Envelopes; sent++)
        {
            Originals[0].Publish("a", true, large, null);
            if (sent % 500 == 0) // the original has but a thousand slots
            {
                await Eventually.TrueAsync(() => Interlocked.Read(ref Host.Counters.Matched) == sent, "what was sent has arrived");
            }
        }

        var seen = 0;
        for (var told = 0L; seen + told < Envelopes;)
        {
            var log = Protocol.Dropsonde.Envelope.Parser.ParseFrom(await client.ReadAsync(ClientFrame.Binary, Cancel)).LogMessage;
            var isGap = log.SourceType == "LGR";
            seen += isGap ? 0 : 1;
            told = isGap ? Interlocked.Read(ref Host.Counters.ToldLost) : told;
        }

        Assert.InRange(seen, 1, Envelopes - 1);
        Assert.Equal(Envelopes - seen, Host.Counters.DroppedSlowConsumer);
    }

    [Fact]
    public async Task Fleet_OfAnOriginalAndOurOwn_UnderAnOriginalAgent_GoesOnWhenEitherIsKilled()
    {
        Originals.Add(await OriginalDoppler.StartAsync());
        await using var ours = await DopplerHost.StartAsync();
        var address = new Uri(ours.Address).Authority;
        Host = await TrafficControllerHost.StartAsync([], options => (options.Dopplers, options.OriginalDopplers) = ([address], [Originals[0].Address]));
        using var tail = await OpenAsync("/apps/app/stream");
        await SubscribedAsync(1);
        await DopplerHost.UntilAsync(() => Interlocked.Read(ref ours.Counters.Subscriptions) == 1, "ours is read");
        using (var agent = Agent(Originals[0].Address, address))
        {
            for (var i = 0; i < 100; i++)
            {
                await agent.PushAsync(SomeV1.Log("app", $"{2 * i}"), Cancel);
                await agent.SendAsync([Some.Log("app", $"{(2 * i) + 1}")], Cancel);
            }

            Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}").Order(), (await ReadAsync(tail, 200)).Order());
        }

        Assert.InRange(Originals[0].Pushed + Originals[0].Batched, 1, 199); // and the rest over ours
        await Originals[0].KillAsync();
        await ours.SendAsync(Some.Log("app", "of ours"));
        Assert.Equal(["of ours"], await ReadAsync(tail, 1));

        await Originals[0].ListenAsync();
        await SubscribedAsync(1);
        await ours.App.StopAsync(new CancellationToken(canceled: true));
        using var late = Agent(Originals[0].Address);
        await late.PushAsync(SomeV1.Log("app", "of the original"), Cancel);
        Assert.Equal(["of the original"], await ReadAsync(tail, 1));
    }

    private static OriginalAgent Agent(params string[] dopplers) =>
        new(dopplers.Select(doppler => new PeerConnector().Open(doppler, PeerConnector.DopplerName)), seed: 1);

    private static async Task<List<string>> ReadAsync(RawWebSocket client, int count)
    {
        List<string> read = [];
        while (read.Count < count)
        {
            read.Add(V1Reader.NameOf(Protocol.Dropsonde.Envelope.Parser.ParseFrom(await client.ReadAsync(ClientFrame.Binary, Cancel))));
        }

        return read;
    }
}
