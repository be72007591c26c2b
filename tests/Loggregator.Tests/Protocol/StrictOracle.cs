using Google.Protobuf;
using Google.Protobuf.Reflection;
using Loggregator.Protocol.V2;

namespace Loggregator.Tests.Protocol;

/// <summary>
/// What a strict reader makes of bytes: Google.Protobuf's generated parser, and beside it a slow walk by the message's descriptor for the rules
/// that its C# flavour leaves out and others keep: UTF-8 of strings, no tag over 32 bits, no varint or length over 64, no unknown wire type.
/// </summary>
internal static class StrictOracle
{
    public static bool Accepts(byte[] bytes)
    {
        try
        {
            Envelope.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        return IsStrict(bytes, Envelope.Descriptor);
    }

    private static bool IsStrict(ReadOnlySpan<byte> bytes, MessageDescriptor? message)
    {
        while (!bytes.IsEmpty)
        {
            if (!TryTake(ref bytes, out var tag) || tag > uint.MaxValue || tag < 8)
            {
                return false;
            }

            var field = message?.FindFieldByNumber((int)(tag >> 3));
            switch (tag & 7)
            {
                case 0 when TryTake(ref bytes, out _):
                case 3 or 4: // their balance is Google.Protobuf's to judge
                    break;
                case 1 when bytes.Length >= 8:
                    bytes = bytes[8..];
                    break;
                case 5 when bytes.Length >= 4:
                    bytes = bytes[4..];
                    break;
                case 2 when TryTake(ref bytes, out var length) && length <= (ulong)bytes.Length:
                    var content = bytes[..(int)length];
                    bytes = bytes[(int)length..];
                    if (field is { FieldType: FieldType.String } && !System.Text.Unicode.Utf8.IsValid(content))
                    {
                        return false;
                    }

                    if (field is { FieldType: FieldType.Message } && !IsStrict(content, field.MessageType))
                    {
                        return false;
                    }

                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        var sum = UInt128.Zero;
        for (var i = 0; i < 10 && i < bytes.Length; i++)
        {
            sum |= (UInt128)(bytes[i] & 0x7Fu) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                value = (ulong)sum;
                return sum <= ulong.MaxValue;
            }
        }

        value = 0;
        return false;
    }
}
