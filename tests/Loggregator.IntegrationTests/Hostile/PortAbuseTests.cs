using System.Net;
using System.Net.Sockets;
using System.Text;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Hostile;

public sealed class PortAbuseTests : ClusterTest
{
    private const int Connections = 20; // of each kind, per port
    private static readonly byte[] Http2Preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Garbage_AndHalfOpenConnectionsOnEveryPort_LeaveTheRolesServing(bool mutualTls)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1, MutualTls = mutualTls });
        var ports = new[]
        {
            cluster.Agents[0].GrpcPort, cluster.Agents[0].MetricsPort,
            cluster.Dopplers[0].GrpcPort, cluster.Dopplers[0].MetricsPort,
            cluster.TrafficControllers[0].GrpcPort, cluster.TrafficControllers[0].HttpPort, cluster.TrafficControllers[0].MetricsPort,
        };
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        var producer = cluster.Produce(cluster.Agents[0]);

        var random = new Random(20);
        var open = new List<Socket>();
        var sent = 0;
        try
        {
            foreach (var port in ports)
            {
                for (var i = 0; i < Connections; i++)
                {
                    open.Add(await SendAsync(port, default, cancel)); // never says a word
                    open.Add(await SendAsync(port, Http2Preface.AsMemory(0, random.Next(1, Http2Preface.Length)), cancel)); // stops in the middle
                    open.Add(await SendAsync(port, (byte[])[.. Http2Preface, .. Noise(random, 300)], cancel)); // frames of noise
                    open.Add(await SendAsync(port, (byte[])[0x16, 0x03, 0x01, 0xFF, 0xFF, .. Noise(random, 300)], cancel)); // a TLS hello of noise
                    open.Add(await SendAsync(port, Noise(random, 2000), cancel));
                    open.Add(await SendAsync(port, Encoding.ASCII.GetBytes("GET /" + new string('x', 70_000)), cancel));
                }

                await producer.SendAsync("app", sent, 50, cancel);
                sent += 50;
            }

            await reader.LinesAsync(sent, cancel);
            Assert.Null(reader.NotInOrder("app", sent));
            foreach (var port in ports.Where((_, index) => index is 1 or 3 or 6))
            {
                using var http = new HttpClient();
                using var health = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health"), cancel);
                Assert.Equal(HttpStatusCode.OK, health.StatusCode);
            }
        }
        finally
        {
            open.ForEach(socket => socket.Dispose());
        }
    }

    private static byte[] Noise(Random random, int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }

    private static async Task<Socket> SendAsync(int port, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
            if (!bytes.IsEmpty)
            {
                await socket.SendAsync(bytes, cancel);
            }
        }
        catch (SocketException)
        {
            // It was thrown out while it was still talking.
        }

        return socket;
    }
}
