using System.Buffers;
using System.Globalization;
using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Benchmarks;

/// <summary>
/// What all benchmarks work on: batches of 100 log envelopes of about 300 bytes (150-byte lines, six tags) from 1,000 sources, as in the load runs.
/// </summary>
public static class Workload
{
    public const int Sources = 1000, BatchSize = 100;
    private const int LineBytes = 150;
    private static readonly (string Key, string Value)[] Tags =
        [("deployment", "cf"), ("job", "cell"), ("index", "17"), ("ip", "10.0.1.17"), ("origin", "rep"), ("source_type", "APP")];

    /// <summary>The id of a source, 36 characters like an application's GUID.</summary>
    public static byte[] SourceId(int source) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{source:x8}-6c6f-4164-a000-000000000001"));

    /// <summary>One bare envelope.</summary>
    public static byte[] Envelope(int source)
    {
        var writer = new ArrayBufferWriter<byte>();
        EnvelopeWriter.Log(writer, 1_795_415_220_000_000_000 + source, SourceId(source), "0"u8, Encoding.ASCII.GetBytes(new string('x', LineBytes)));
        AddTags(writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Ends an envelope with the six tags.</summary>
    public static void AddTags(IBufferWriter<byte> writer)
    {
        foreach (var (key, value) in Tags)
        {
            EnvelopeWriter.Tag(writer, Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value));
        }
    }

    /// <summary>Batch messages that go once round all sources, in a shuffled order.</summary>
    public static byte[][] Batches()
    {
        var order = Enumerable.Range(0, Sources).ToArray();
        new Random(1).Shuffle(order);
        return [.. order.Chunk(BatchSize).Select(chunk =>
        {
            using var message = MessageBuffer.Rent(0);
            foreach (var source in chunk)
            {
                Records.Append(message, Envelope(source));
            }

            return message.Span.ToArray();
        })];
    }
}
