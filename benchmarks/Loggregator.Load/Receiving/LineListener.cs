using System.Net;
using System.Net.Sockets;
using Loggregator.Load.Accounting;

namespace Loggregator.Load.Receiving;

/// <summary>
/// Takes a nozzle's JSON records, a line each, from whoever connects. During an outage it refuses connections, and has closed those it had; latency is then
/// that of what is due after the first connection behind it. One loop runs it.
/// </summary>
/// <param name="address">Where it listens.</param>
/// <param name="outage">When nobody listens, from the start of the measured window; no time: never.</param>
/// <param name="warmup">When that window starts.</param>
/// <param name="tally">What came.</param>
internal sealed class LineListener(IPEndPoint address, (TimeSpan From, TimeSpan For) outage, TimeSpan warmup, Tally tally) : IReader
{
    private long _breaks;

    public long Breaks => Volatile.Read(ref _breaks);

    public string LastError { get; private set; } = "";

    public async Task RunAsync(CancellationToken cancel)
    {
        if (outage.For > TimeSpan.Zero)
        {
            await ListenAsync(warmup + outage.From, afterOutage: false, cancel);
            await Task.Delay(outage.For, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await ListenAsync(Timeout.InfiniteTimeSpan, outage.For > TimeSpan.Zero, cancel);
    }

    private async Task ListenAsync(TimeSpan time, bool afterOutage, CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var listener = new TcpListener(address);
        listener.Start();
        var reading = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(ending.Token);
                if (reading.Count == 0)
                {
                    ending.CancelAfter(time); // counted from the first connection, as the run waits for it
                }

                if (afterOutage)
                {
                    (tally.MeasureFrom, afterOutage) = (Clock.Now, false);
                }

                reading.Add(ReadAsync(client, ending.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The outage, or the end.
        }

        listener.Stop();
        await Task.WhenAll(reading);
    }

    private async Task ReadAsync(TcpClient client, CancellationToken cancel)
    {
        using (client)
        using (var lines = new LineSplitter(client.GetStream()))
        {
            var json = new JsonLines(tally);
            try
            {
                while (await lines.ReadAsync(cancel) is { } line)
                {
                    json.TakeRecord(line.Span);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                LastError = cancel.IsCancellationRequested ? LastError : e.Message;
            }

            Interlocked.Increment(ref _breaks);
        }
    }
}
