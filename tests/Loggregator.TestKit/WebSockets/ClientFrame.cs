using System.Buffers.Binary;

namespace Loggregator.TestKit.WebSockets;

/// <summary>A frame as a client sends it, with everything that could be wrong with it.</summary>
/// <param name="Opcode">The four bits of the opcode, reserved ones too.</param>
/// <param name="Payload">Plain; it is masked on the wire, unless <paramref name="Masked"/> is false.</param>
/// <param name="Final">The FIN bit.</param>
/// <param name="Reserved">The three reserved bits.</param>
/// <param name="Masked">The MASK bit.</param>
public sealed record ClientFrame(int Opcode, byte[] Payload, bool Final = true, int Reserved = 0, bool Masked = true)
{
    public const int Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10;
    private static readonly byte[] Mask = [0x37, 0xFA, 0x21, 0x3D];

    /// <summary>A close frame.</summary>
    public static ClientFrame CloseOf(int code, byte[]? reason = null) => new(Close, [(byte)(code >> 8), (byte)code, .. reason ?? []]);

    /// <summary>The bytes on the wire, with the shortest form of the length.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte> { (byte)((Final ? 0x80 : 0) | (Reserved << 4) | Opcode) };
        var mask = Masked ? 0x80 : 0;
        var length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, Payload.Length);
        switch (Payload.Length)
        {
            case < 126:
                bytes.Add((byte)(mask | Payload.Length));
                break;
            case <= ushort.MaxValue:
                bytes.AddRange([(byte)(mask | 126), .. length[6..]]);
                break;
            default:
                bytes.AddRange([(byte)(mask | 127), .. length]);
                break;
        }

        if (!Masked)
        {
            return [.. bytes, .. Payload];
        }

        bytes.AddRange(Mask);
        bytes.AddRange(Payload.Select((b, i) => (byte)(b ^ Mask[i % 4])));
        return [.. bytes];
    }
}
