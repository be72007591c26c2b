using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Tests.Pipeline.Rings;

/// <summary>Log envelopes for ring tests: the timestamp is a serial number, the payload has the length that a test needs.</summary>
internal static class RingEnvelopes
{
    public static byte[] Log(string source, long serial, int length, string instance = "0")
    {
        using var buffer = MessageBuffer.Rent(length + 64);
        var filler = 0;
        do
        {
            buffer.Clear();
            EnvelopeWriter.Log(buffer, serial, Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(instance), new byte[filler]);
            filler += Math.Max(1, length - buffer.Length);
        }
        while (buffer.Length < length);

        return buffer.Span.ToArray();
    }

    public static bool Offer(FairRing ring, string source, byte[] envelope, long serial, string instance = "0")
    {
        // Cut in three unequal parts: the ring must not care where prefix, body and suffix meet.
        var first = envelope.Length / 7;
        var second = envelope.Length - (envelope.Length / 5);
        using var writer = ring.BeginWrite();
        return writer.Offer(
            Encoding.UTF8.GetBytes(source),
            Encoding.UTF8.GetBytes(instance),
            serial,
            envelope.AsSpan(0, first),
            envelope.AsSpan(first, second - first),
            envelope.AsSpan(second));
    }

    public static List<(string Source, long Serial, byte[] Bytes)> Take(FairRing ring, int lane, int maxBytes, int maxEnvelopes, out RingTake take)
    {
        using var message = MessageBuffer.Rent(1024);
        take = ring.Take(lane, message, maxBytes, maxEnvelopes);
        return Read(message.Span);
    }

    public static List<(string Source, long Serial, byte[] Bytes)> Read(ReadOnlySpan<byte> message)
    {
        var result = new List<(string, long, byte[])>();
        var records = new RecordReader(message);
        while (records.MoveNext())
        {
            if (!RawEnvelope.TryRead(records.Current, out var header))
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Not an envelope at {records.RecordOffset}."));
            }

            result.Add((Encoding.UTF8.GetString(header.SourceId.Of(records.Current)), header.Timestamp, records.Current.ToArray()));
        }

        return records.Malformed ? throw new InvalidOperationException("Malformed message.") : result;
    }
}
