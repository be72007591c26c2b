using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Loggregator.Nozzle.Delivery;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>Receivers that misbehave as no daemon does on order.</summary>
public sealed class SyslogFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receiver_ThatResetsInMidMessage_GetsEverythingInOrder()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = new List<NumberedLog>();
        var random = new Random(7);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var serving = Task.Run(async () =>
        {
            for (var connection = 0; ; connection++)
            {
                using var socket = await listener.AcceptSocketAsync(stop.Token);
                await ReadAsync(socket, connection < 10 ? random.Next(1, 60_000) : int.MaxValue, received, stop.Token);
                socket.LingerState = new LingerOption(true, 0);
            }
        }, Cancel);

        // What is in the receiver's kernel when it resets is known to be lost for so long; a receiver that gets no time to read takes longer than usual.
        await using var run = new SinkRun($"syslog://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}?retry-max=50ms&confirm=5s");
        run.Source.Append(NumberedLog.Envelopes(3, 2_000));
        await Deadline.UntilAsync(() => run.Source.Delivered == 6_000, () => $"{run.Source.Delivered} of 6000; {run.Shown}", Cancel, TimeSpan.FromSeconds(60));
        await run.StopAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
        Assert.All(received.GroupBy(log => log.Source), source => Assert.Equal(Enumerable.Range(1, 2_000), source.Select(log => log.Number).Distinct()));
        Assert.Equal(3, received.Select(log => log.Source).Distinct().Count());
        Assert.True(run.Counters.Retries > 0);
    }

    [Fact]
    public async Task DeadSink_BesideAHealthyOne_IsNotNoticedByIt()
    {
        await using var dead = new SinkRun($"syslog://127.0.0.1:{PeerProcess.FreePort()}");
        await using var healthy = new SinkRun("blackhole:");
        dead.Source.Append(NumberedLog.Envelopes(1, 1_000));
        await Deadline.UntilAsync(() => dead.Counters.State == SinkState.Retrying, () => "the dead one does not fail", Cancel);
        healthy.Source.Append(NumberedLog.Envelopes(1, 1_000));
        await Deadline.UntilAsync(() => healthy.Source.Delivered == 1_000, () => healthy.Shown, Cancel);
        Assert.Equal(0, healthy.Counters.Retries);
        Assert.Equal(1_000, dead.Counters.Backlog.Records);
        Assert.Equal(0, dead.Counters.Delivered);
        Assert.Contains("connection refused", dead.Counters.LastFailure!.Reason, StringComparison.Ordinal);
    }

    // Reads whole frames, as a receiver does: one that is cut off counts for nothing.
    private static async Task ReadAsync(Socket socket, int bytes, List<NumberedLog> received, CancellationToken cancel)
    {
        var buffer = new byte[64 * 1024];
        var held = new List<byte>();
        for (var total = 0; total < bytes;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, bytes - total)), SocketFlags.None, cancel);
            if (read == 0)
            {
                return;
            }

            total += read;
            held.AddRange(buffer.AsSpan(0, read));
            while (held.IndexOf((byte)' ') is > 0 and var space
                && int.Parse(Encoding.ASCII.GetString([.. held.Take(space)]), CultureInfo.InvariantCulture) is var length
                && held.Count >= space + 1 + length)
            {
                received.AddRange(NumberedLog.Find(Encoding.UTF8.GetString([.. held.Skip(space + 1).Take(length)])));
                held.RemoveRange(0, space + 1 + length);
            }
        }
    }
}
