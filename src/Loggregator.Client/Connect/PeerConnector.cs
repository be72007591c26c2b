using Grpc.Net.Client;

namespace Loggregator.Client.Connect;

/// <summary>Opens gRPC channels to peers: HTTP/2 with keep-alive, mTLS when there are credentials, plaintext otherwise.</summary>
public sealed class PeerConnector
{
    /// <summary>Opens a channel of one connection.</summary>
    /// <param name="hostAndPort">Where to dial, for example <c>10.0.0.4:8082</c>.</param>
    /// <param name="serverName">What the peer's certificate must name, whatever was dialled: <c>metron</c>, <c>doppler</c> or <c>reverselogproxy</c>.</param>
    public GrpcChannel Open(string hostAndPort, string serverName) => throw new NotSupportedException(hostAndPort + serverName);
}
