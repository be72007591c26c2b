using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Xunit;

namespace Loggregator.Tests.Protocol.V1;

/// <summary>Conversion of single envelopes into arrays, for tests.</summary>
internal static class Convert
{
    public static List<byte[]> ToV1(byte[] envelope) => ToV1(envelope, int.MaxValue, out _);

    public static List<byte[]> ToV1(byte[] envelope, int room, out ConversionFault fault)
    {
        Assert.True(RawEnvelope.TryRead(envelope, out var header));
        using var records = MessageBuffer.Rent(64);
        var count = V2ToV1.Write(records, envelope, header, room, out fault);
        Assert.Equal(count == 0, fault != ConversionFault.None);
        List<byte[]> converted = [];
        var reader = new RecordReader(records.Span);
        while (reader.MoveNext())
        {
            Assert.Equal(ConversionFault.None, DropsondeEnvelope.TryRead(reader.Current, out _));
            converted.Add(reader.Current.ToArray());
        }

        Assert.False(reader.Malformed);
        Assert.Equal(count, converted.Count);
        return converted;
    }

    public static byte[] ToV2(byte[] envelope) => ToV2(envelope, DropsondeTagging.None);

    public static byte[] ToV2(byte[] envelope, DropsondeTagging tagging)
    {
        Assert.Equal(ConversionFault.None, DropsondeEnvelope.TryRead(envelope, out var header));
        using var target = MessageBuffer.Rent(64);
        V1ToV2.Write(target, envelope, header, tagging);
        Assert.True(RawEnvelope.TryRead(target.Span, out _));
        return target.Span.ToArray();
    }
}
