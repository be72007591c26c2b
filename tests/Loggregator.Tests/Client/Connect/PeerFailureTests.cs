using System.Net.Sockets;
using Grpc.Core;
using Loggregator.Client.Connect;
using Xunit;

namespace Loggregator.Tests.Client.Connect;

public sealed class PeerFailureTests
{
    [Fact]
    public async Task Text_NothingListens_SaysSoWithoutNamesOfTypesOrCertificates()
    {
        using var free = new Socket(SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); // bound and not listening: it refuses
        using var channel = new PeerConnector().Open($"127.0.0.1:{((System.Net.IPEndPoint)free.LocalEndPoint!).Port}", PeerConnector.DopplerName);
        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await new Loggregator.Protocol.V2.Ingress.IngressClient(channel).SendAsync(new Loggregator.Protocol.V2.EnvelopeBatch(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("nothing listens there (connection refused)", PeerFailure.Text(failure));
    }

    [Fact]
    public void Text_AnswerOfThePeer_KeepsCodeAndText()
    {
        Assert.Equal("it answered PermissionDenied: not you", PeerFailure.Text(new RpcException(new Status(StatusCode.PermissionDenied, "not you."))));
        Assert.Equal("it answered Unimplemented", PeerFailure.Text(new RpcException(new Status(StatusCode.Unimplemented, ""))));
    }

    [Fact]
    public void Text_CauseInside_IsTold() =>
        Assert.Equal("TLS with doppler at 10.0.0.1:8082 failed: expired", PeerFailure.Text(new RpcException(new Status(
            StatusCode.Unavailable, "Error starting gRPC call.", new HttpRequestException("An error occurred.", new IOException("TLS with doppler at 10.0.0.1:8082 failed: expired."))))));
}
