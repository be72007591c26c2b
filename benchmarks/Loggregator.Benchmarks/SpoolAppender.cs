using System.Buffers;
using System.Globalization;
using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Benchmarks;

/// <summary>
/// A process to be killed: appends numbered lines to the spool of a folder, several at a time, and prints the numbers of each append when it is durable.
/// It also delivers what it reads, to nobody, and prints that before it marks it: <c>+ 17 20</c>, <c>- 3 9</c>.
/// </summary>
public static class SpoolAppender
{
    private const int Writers = 3, MostLines = 40, LineBytes = 150;

    /// <summary>Goes on until it is killed.</summary>
    /// <param name="folder">The spool's folder.</param>
    /// <param name="first">The first number.</param>
    /// <param name="deliver">Whether it also reads and completes.</param>
    public static async Task RunAsync(string folder, int first, bool deliver)
    {
        var options = new SpoolOptions { Directory = folder, MaxBytes = 256 * 1024 * 1024 };
        await using var spool = EnvelopeSpool.Open(options, NullLogger.Instance, TimeProvider.System);
        var next = first;
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var random = new Random(first + writer);
            while (true)
            {
                var count = random.Next(1, MostLines);
                var from = Interlocked.Add(ref next, count) - count;
                using var lines = Lines(from, count);
                await spool.AppendAsync(new SpoolEntry(lines, 0, lines.Length, count, new DopplerIdentity("d", 1), (ulong)from), CancellationToken.None);
                Print($"+ {from} {from + count}");
            }
        }));
        var reader = Task.Run(async () =>
        {
            using var reading = spool.OpenReader(BufferOrder.Fifo, 64 * 1024);
            while (deliver)
            {
                using var batch = await reading.ReadAsync(CancellationToken.None);
                foreach (var record in batch)
                {
                    Print($"- {record.Position} {record.Position + 1}");
                }

                batch.Complete();
            }
        });
        await Task.WhenAll(writers.Append(reader));
    }

    private static MessageBuffer Lines(int from, int count)
    {
        var lines = MessageBuffer.Rent(count * LineBytes);
        var envelope = new ArrayBufferWriter<byte>();
        for (var number = from; number < from + count; number++)
        {
            envelope.ResetWrittenCount();
            var text = number.ToString(CultureInfo.InvariantCulture).PadRight(LineBytes);
            EnvelopeWriter.Log(envelope, number, "killed"u8, "0"u8, Encoding.UTF8.GetBytes(text));
            Records.Append(lines, envelope.WrittenSpan);
        }

        return lines;
    }

    // One write per line, so that a line is there as a whole or not at all.
    private static void Print(string line) => Console.Out.WriteLine(line);
}
