using Google.Protobuf;
using Loggregator.Protocol.V1;
using Xunit;
using V1Envelope = Loggregator.Protocol.Dropsonde.Envelope;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>What original agents push.</summary>
public sealed class DopplerPusherTests : DopplerTest
{
    [Fact]
    public async Task PushedEnvelope_ReachesV1ReadersWithItsOwnBytes()
    {
        using var firehose = await V1Reader.OpenAsync(_doppler);
        using var tail = await V1Reader.OpenAsync(_doppler, new() { AppID = SomeV1.AppId });
        using var pusher = new V1Pusher(_doppler);

        // Fields in an order that no writer of ours has, an unknown field, and a payload that the type does not name.
        byte[] odd =
        [
            .. new V1Envelope { Job = "j", CounterEvent = SomeV1.Counter("c").CounterEvent }.ToByteArray(),
            0xA2, 0x1F, 2, 7, 7,
            .. SomeV1.Log(SomeV1.AppId, "line").ToByteArray(),
        ];
        await pusher.PushAsync(odd);

        Assert.Equal(odd, Assert.Single((await firehose.UntilAsync(1)).Payloads));
        Assert.Equal(odd, Assert.Single((await tail.UntilAsync(1)).Payloads));
    }

    [Fact]
    public async Task PushedEnvelope_ReachesV2ReadersConvertedAndAlone()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs(), Some.Counters());
        using var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync(SomeV1.Log(SomeV1.AppId, "line"));
        await pusher.PushAsync(SomeV1.Counter("requests"));
        await reader.UntilAsync(2);

        var log = reader.Received[0];
        Assert.Equal((SomeV1.AppId, "line", 5L), (log.SourceId, log.Log.Payload.ToStringUtf8(), log.Timestamp));
        Assert.Equal("LogMessage", log.Tags["__v1_type"]);
        Assert.Equal("o", log.Tags["origin"]);
        Assert.Equal("/", reader.Received[1].SourceId);
        Assert.Equal("requests", reader.Received[1].Counter.Name);
        Assert.InRange(log.CalculateSize(), 1, 200); // the v1 bytes do not come with it
    }

    [Fact]
    public async Task V2Logs_BesideV1_ReachAReaderWithALogSelectorAndCountersDoNot()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        using var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync(SomeV1.Counter("no"));
        await pusher.PushAsync(SomeV1.Log("a", "of v1"));
        await DopplerHost.UntilAsync(() => _doppler.Counters.Appended == 2, "both were appended");
        await _doppler.SendAsync(Some.Counter("a", "no"), Some.Log("a", "of v2"));

        Assert.Equal(["of v1", "of v2"], (await reader.UntilAsync(2)).Logs);
    }

    [Fact]
    public async Task Payloads_ThatAreNoEnvelopes_AreDroppedAloneAndCountedByReason()
    {
        using var reader = await V1Reader.OpenAsync(_doppler);
        using var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync([]);
        await pusher.PushAsync([0xFF, 0xFF, 0xFF]);
        await pusher.PushAsync(SomeV1.Log("a", "no origin").ToByteArray()[3..]);
        await pusher.PushAsync(new byte[60_000]);
        await pusher.PushAsync(SomeV1.Log("a", "after"));

        Assert.Equal(["after"], (await reader.UntilAsync(1)).Names);
        Assert.Equal(4, _doppler.Counters.Invalid);
        Assert.Equal(2, _doppler.Counters.UnreadableV1[(int)ConversionFault.Malformed]);
        Assert.Equal(2, _doppler.Counters.UnreadableV1[(int)ConversionFault.MissingField]);
    }

    [Fact]
    public async Task EventType_ThatDoesNotExist_GoesToV1FirehosesAndToNoV2Selector()
    {
        using var firehose = await V1Reader.OpenAsync(_doppler);
        using var metrics = await V1Reader.OpenAsync(_doppler, new() { Metric = new() });
        using var reader = await _doppler.ReadAsync(Some.Logs(), Some.Counters(), Some.Gauges(), Some.Timers(), Some.Events());
        using var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync([0x0A, 1, (byte)'o', 0x10, 0xD0, 0x0F]); // 2000
        await pusher.PushAsync(SomeV1.Counter("after"));

        Assert.Equal(2000, (int)(await firehose.UntilAsync(2)).Envelopes.First().EventType);
        Assert.Equal(2000, (int)(await metrics.UntilAsync(2)).Envelopes.First().EventType);
        Assert.Equal("after", (await reader.UntilAsync(1)).Received[0].Counter.Name);
    }

    [Fact]
    public async Task Text_ThatIsNoUtf8_IsKeptForV1AndRepairedForV2()
    {
        using var v1 = await V1Reader.OpenAsync(_doppler);
        using var v2 = await _doppler.ReadAsync(Some.Logs());
        using var pusher = new V1Pusher(_doppler);
        var bytes = SomeV1.Log("a", "line").ToByteArray();
        bytes[2] = 0xE9; // the origin, in Latin-1
        await pusher.PushAsync(bytes);

        Assert.Equal(bytes, Assert.Single((await v1.UntilAsync(1)).Payloads));
        Assert.Equal("\uFFFD", (await v2.UntilAsync(1)).Received[0].Tags["origin"]);
    }

    [Fact]
    public async Task Counter_ThatPretendsToBeAGapRecord_IsRenamedForV2()
    {
        using var v2 = await _doppler.ReadAsync(Some.Counters());
        using var pusher = new V1Pusher(_doppler);
        var counter = SomeV1.Counter("dropped");
        counter.Tags.Add("hop", "agent");
        counter.Tags.Add("reason", "evicted");
        await pusher.PushAsync(counter);

        Assert.Equal("agent", (await v2.UntilAsync(1)).Received[0].Tags["producer_hop"]);
    }

    [Fact]
    public async Task HalfClose_IsAnsweredWithOk()
    {
        using var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync(SomeV1.Log("a", "line"));
        Assert.NotNull(await pusher.EndAsync());
        Assert.Equal(1, _doppler.Counters.Received);
    }
}
