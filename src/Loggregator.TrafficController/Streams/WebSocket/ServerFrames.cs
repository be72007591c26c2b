using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>Writes frames of a server: unmasked, never fragmented (RFC 6455, 5.2).</summary>
internal static class ServerFrames
{
    private const int MaxHeaderBytes = 10;

    /// <summary>Writes a frame.</summary>
    public static void Write(IBufferWriter<byte> writer, Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var target = writer.GetSpan(MaxHeaderBytes + payload.Length);
        var header = WriteHeader(target, opcode, payload.Length);
        payload.CopyTo(target[header..]);
        writer.Advance(header + payload.Length);
    }

    /// <summary>Writes a close frame; without a code its payload is empty. The reason is ASCII, at most 123 characters.</summary>
    public static void WriteClose(IBufferWriter<byte> writer, ushort status, string reason)
    {
        Span<byte> payload = stackalloc byte[ClientFrames.MaxControlBytes];
        var length = 0;
        if (status != CloseStatus.None)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload, status);
            length = 2 + Encoding.ASCII.GetBytes(reason, payload[2..]);
        }

        Write(writer, Opcode.Close, payload[..length]);
    }

    private static int WriteHeader(Span<byte> target, Opcode opcode, int length)
    {
        target[0] = (byte)(0x80 | (byte)opcode);
        switch (length)
        {
            case < 126:
                target[1] = (byte)length;
                return 2;
            case <= ushort.MaxValue:
                target[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)length);
                return 4;
            default:
                target[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(target[2..], (ulong)length);
                return 10;
        }
    }
}
