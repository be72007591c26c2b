using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Loggregator.Load.Wire;

/// <summary>
/// What the first bytes of every payload say: which envelope of which run this is, and when it was due. In base64, as log lines are text. The length
/// is a multiple of 3, so that the base64 of JSON outputs can be decoded without its neighbours.
/// </summary>
/// <param name="Run">The run that made it; anything else on the bus is foreign.</param>
/// <param name="Source">Index of the source.</param>
/// <param name="Link">Index of the connection that sent it.</param>
/// <param name="Sequence">From 1, per (source, link); 0 marks a probe, which is counted nowhere.</param>
/// <param name="Scheduled">When it was due, UNIX nanoseconds.</param>
internal readonly record struct Trace(uint Run, int Source, int Link, ulong Sequence, long Scheduled)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = BinaryLength / 3 * 4;

    private const int BinaryLength = 36;
    private const uint Magic = 0x444c_474c; // "LGLD"

    public void Write(Span<byte> payload)
    {
        Span<byte> binary = stackalloc byte[BinaryLength];
        BinaryPrimitives.WriteUInt32LittleEndian(binary, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(binary[4..], Run);
        BinaryPrimitives.WriteInt32LittleEndian(binary[8..], Source);
        BinaryPrimitives.WriteInt32LittleEndian(binary[12..], Link);
        BinaryPrimitives.WriteUInt64LittleEndian(binary[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(binary[24..], Scheduled);
        BinaryPrimitives.WriteUInt32LittleEndian(binary[32..], Check());
        Base64.EncodeToUtf8(binary, payload, out _, out _);
    }

    /// <summary>False when these bytes are not a trace, or a damaged one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out Trace trace)
    {
        trace = default;
        Span<byte> binary = stackalloc byte[BinaryLength];
        if (payload.Length < Length || Base64.DecodeFromUtf8(payload[..Length], binary, out _, out _) != OperationStatus.Done
            || BinaryPrimitives.ReadUInt32LittleEndian(binary) != Magic)
        {
            return false;
        }

        trace = new Trace(
            BinaryPrimitives.ReadUInt32LittleEndian(binary[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(binary[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(binary[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(binary[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(binary[24..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(binary[32..]) == trace.Check();
    }

    private uint Check()
    {
        var mixed = (Sequence * 0x9e37_79b9_7f4a_7c15) ^ (ulong)Scheduled ^ ((ulong)(uint)Source << 32) ^ (uint)Link ^ Run;
        return (uint)(mixed ^ (mixed >> 32));
    }
}
