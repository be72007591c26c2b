using System.Buffers.Text;
using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;

namespace Loggregator.TestKit.Cluster;

/// <summary>Lines that carry a number, by which a reader knows what it got: <c>17 padding</c>.</summary>
public static class Numbered
{
    /// <summary>A log envelope with the number, padded to <paramref name="bytes"/> of payload.</summary>
    public static Envelope Line(string source, string instance, long number, int bytes = 0)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return new Envelope
        {
            Timestamp = TimeProvider.System.GetUnixNanoseconds(),
            SourceId = source,
            InstanceId = instance,
            Log = new Log { Payload = ByteString.CopyFromUtf8(text.Length < bytes ? text + new string(' ', bytes - text.Length) : text) },
        };
    }

    /// <summary>A line without number, by which a reader knows that it is live.</summary>
    public static Envelope Mark(string source, string instance) => new()
    {
        SourceId = source,
        InstanceId = instance,
        Timestamp = TimeProvider.System.GetUnixNanoseconds(),
        Log = new Log { Payload = ByteString.CopyFromUtf8("mark") },
    };

    /// <summary>The number of a payload; false when it is another text.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out long number) =>
        Utf8Parser.TryParse(payload, out number, out var used) && (used == payload.Length || payload[used] == ' ');

    /// <summary>Several lines of a source, from a number on.</summary>
    public static IEnumerable<Envelope> Lines(string source, long from, int count, string instance = "0", int bytes = 0)
    {
        for (var number = from; number < from + count; number++)
        {
            yield return Line(source, instance, number, bytes);
        }
    }
}
