using System.Buffers.Binary;

namespace Loggregator.Load.Wire;

/// <summary>
/// What the first bytes of every payload say: which envelope of which run this is, and when it was due. The length is a multiple of 3, so that
/// the base64 of JSON outputs can be decoded without its neighbours.
/// </summary>
/// <param name="Run">The run that made it; anything else on the bus is foreign.</param>
/// <param name="Source">Index of the source.</param>
/// <param name="Link">Index of the connection that sent it.</param>
/// <param name="Sequence">From 1, per (source, link); 0 marks a probe, which is counted nowhere.</param>
/// <param name="Scheduled">When it was due, UNIX nanoseconds.</param>
internal readonly record struct Trace(uint Run, int Source, int Link, ulong Sequence, long Scheduled)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 36;

    private const uint Magic = 0x444c_474c; // "LGLD"

    public void Write(Span<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(payload, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[4..], Run);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], Source);
        BinaryPrimitives.WriteInt32LittleEndian(payload[12..], Link);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(payload[24..], Scheduled);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[32..], Check());
    }

    /// <summary>False when these bytes are not a trace, or a damaged one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out Trace trace)
    {
        trace = default;
        if (payload.Length < Length || BinaryPrimitives.ReadUInt32LittleEndian(payload) != Magic)
        {
            return false;
        }

        trace = new Trace(
            BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(payload[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(payload[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[24..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(payload[32..]) == trace.Check();
    }

    private uint Check()
    {
        var mixed = (Sequence * 0x9e37_79b9_7f4a_7c15) ^ (ulong)Scheduled ^ ((ulong)(uint)Source << 32) ^ (uint)Link ^ Run;
        return (uint)(mixed ^ (mixed >> 32));
    }
}
