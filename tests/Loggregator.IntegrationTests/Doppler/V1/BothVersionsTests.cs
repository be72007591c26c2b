using System.Globalization;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>What comes in either version is read in both, whatever else comes and goes.</summary>
public sealed class BothVersionsTests : DopplerTest
{
    [Theory]
    [InlineData("Send")] // which the original does not serve
    [InlineData("Sender")]
    [InlineData("BatchSender")]
    public async Task V2Envelopes_OfEveryCall_ReachReadersOfBothVersions_AndEmptyOnesNone(string call)
    {
        using var v1 = await V1Reader.OpenAsync(_doppler);
        using var v2 = await _doppler.ReadAsync(Some.Logs());
        await SendAsync(call, Some.Log("a", "1"), new Envelope { SourceId = "empty" }, Some.Log("a", "2"));

        Assert.Equal(["1", "2"], (await v1.UntilAsync(2)).Names);
        Assert.Equal(["1", "2"], (await v2.UntilAsync(2)).Logs);
        Assert.Equal((3, 4), (_doppler.Counters.Received, _doppler.Counters.Delivery.Matched));
    }

    [Fact]
    public async Task Pusher_ThatBreaksOff_LeavesWhatItPushedAndNoStream()
    {
        using var reader = await V1Reader.OpenAsync(_doppler);
        var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync(SomeV1.Log("a", "pushed"));
        Assert.Equal(["pushed"], (await reader.UntilAsync(1)).Names);
        Assert.Equal(1, _doppler.Counters.IngressStreams);
        pusher.Dispose();

        await DopplerHost.UntilAsync(() => Interlocked.Read(ref _doppler.Counters.IngressStreams) == 0, "the stream has ended");
        Assert.Equal((1, 1), (_doppler.Counters.Received, _doppler.Counters.PushedV1));
    }

    [Fact]
    public async Task Readers_ThatComeAndGoUnderLoad_CostOthersNothing()
    {
        const int Lines = 4000;
        using var firehose = await V1Reader.OpenAsync(_doppler);
        using var tail = await V1Reader.OpenAsync(_doppler, new Filter { AppID = "a" });
        using var sent = new CancellationTokenSource();
        var guests = Enumerable.Range(0, 6).Select(_ => Task.Run(ComeAndGoAsync)).ToArray();
        using var pusher = new V1Pusher(_doppler);
        for (var i = 0; i < Lines; i += 100)
        {
            await pusher.PushAsync(SomeV1.Log("a", Text(i)));
            await _doppler.SendAsync([.. Enumerable.Range(i + 1, 99).Select(n => Some.Log("a", Text(n)))]);
        }

        await firehose.UntilAsync(Lines);
        await tail.UntilAsync(Lines);
        await sent.CancelAsync();
        await Task.WhenAll(guests);

        // Of two ingress streams the order is none; each comes once.
        Assert.Equal(Enumerable.Range(0, Lines).Select(Text).Order(), firehose.Names.Order());
        Assert.Equal(firehose.Names, tail.Names);
        await DopplerHost.UntilAsync(() => Interlocked.Read(ref _doppler.Counters.Subscriptions) == 2, "the guests are gone");

        async Task ComeAndGoAsync()
        {
            do
            {
                using var guest = await V1Reader.OpenAsync(_doppler, new Filter { AppID = "a", Log = new LogFilter() }, "guests");
            }
            while (!sent.IsCancellationRequested);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task SendAsync(string name, params Envelope[] envelopes)
    {
        switch (name)
        {
            case "Send":
                await _doppler.SendAsync(envelopes);
                break;
            case "Sender":
                using (var call = _doppler.Ingress.Sender(cancellationToken: DopplerHost.Patience))
                {
                    foreach (var envelope in envelopes)
                    {
                        await call.RequestStream.WriteAsync(envelope, DopplerHost.Patience);
                    }

                    await call.RequestStream.CompleteAsync();
                    await call;
                }

                break;
            default:
                using (var call = _doppler.Ingress.BatchSender(cancellationToken: DopplerHost.Patience))
                {
                    await call.RequestStream.WriteAsync(new EnvelopeBatch { Batch = { envelopes } }, DopplerHost.Patience);
                    await call.RequestStream.CompleteAsync();
                    await call;
                }

                break;
        }
    }
}
