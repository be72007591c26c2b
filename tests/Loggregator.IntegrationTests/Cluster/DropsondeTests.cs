using System.Net.Sockets;
using Google.Protobuf;
using Loggregator.Agent.Ingress;
using Loggregator.IntegrationTests.Doppler.V1;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Plumbing;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Cluster;

public sealed class DropsondeTests : ClusterTest
{
    [Fact(Timeout = 120_000)]
    public async Task Datagrams_ComeOutAtAnOriginalTrafficControllersSubscription_OverMutualTls()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1, MutualTls = true });
        using var channel = cluster.Open(cluster.Dopplers[0], "traffic-controller");
        using var call = new Protocol.Plumbing.Doppler.DopplerClient(channel)
            .BatchSubscribe(new SubscriptionRequest { Filter = new Filter { AppID = SomeV1.AppId } }, cancellationToken: cancel);
        await call.ResponseHeadersAsync;
        using var emitter = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var agent = cluster.Agents[0].Services.GetRequiredService<UdpIngress>().EndPoint!;
        emitter.SendTo(SomeV1.Value("of the system").ToByteArray(), agent);
        emitter.SendTo(SomeV1.Container(SomeV1.AppId).ToByteArray(), agent);
        emitter.SendTo(SomeV1.Log(SomeV1.AppId, "line").ToByteArray(), agent);

        List<Envelope> received = [];
        while (received.Count < 2)
        {
            Assert.True(await call.ResponseStream.MoveNext(cancel));
            received.AddRange(call.ResponseStream.Current.Payload.Select(payload => Envelope.Parser.ParseFrom(payload)));
        }

        Assert.Equal(["ContainerMetric", "line"], received.Select(V1Reader.NameOf));
        Assert.Equal(SomeV1.Log(SomeV1.AppId, "line").LogMessage.Message, received[1].LogMessage.Message);
        Assert.Equal(("o", 5L), (received[1].Origin, received[1].Timestamp));
    }
}
