using Google.Protobuf;
using Loggregator.PromQl.Storage;

namespace Loggregator.TestKit.PromQl;

/// <summary>The body of a remote write to Prometheus, version 0.1.0: protobuf in Snappy's block format, here with nothing but literals.</summary>
internal static class RemoteWrite
{
    private const int MaxLiteral = 65_536;
    private const byte LongLiteral = 61 << 2; // two bytes of length follow

    public static byte[] Body(IEnumerable<Series> series)
    {
        using var plain = new MemoryStream();
        using (var request = new CodedOutputStream(plain, leaveOpen: true))
        {
            foreach (var one in series)
            {
                request.WriteTag(1, WireFormat.WireType.LengthDelimited);
                request.WriteBytes(TimeSeries(one));
            }
        }

        using var packed = new MemoryStream();
        using (var length = new CodedOutputStream(packed, leaveOpen: true))
        {
            length.WriteLength((int)plain.Length);
        }

        foreach (var literal in plain.ToArray().Chunk(MaxLiteral))
        {
            packed.WriteByte(LongLiteral);
            packed.WriteByte((byte)(literal.Length - 1));
            packed.WriteByte((byte)((literal.Length - 1) >> 8));
            packed.Write(literal);
        }

        return packed.ToArray();
    }

    private static ByteString TimeSeries(Series series) => Message(message =>
    {
        foreach (var (name, value) in series.Labels.Pairs)
        {
            message.WriteTag(1, WireFormat.WireType.LengthDelimited);
            message.WriteBytes(Message(label =>
            {
                label.WriteTag(1, WireFormat.WireType.LengthDelimited);
                label.WriteString(name);
                label.WriteTag(2, WireFormat.WireType.LengthDelimited);
                label.WriteString(value);
            }));
        }

        foreach (var (time, value) in series.Samples.ToArray())
        {
            message.WriteTag(2, WireFormat.WireType.LengthDelimited);
            message.WriteBytes(Message(sample =>
            {
                sample.WriteTag(1, WireFormat.WireType.Fixed64);
                sample.WriteDouble(value);
                sample.WriteTag(2, WireFormat.WireType.Varint);
                sample.WriteInt64(time);
            }));
        }
    });

    private static ByteString Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var message = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(message);
        }

        return ByteString.CopyFrom(bytes.ToArray());
    }
}
