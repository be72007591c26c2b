namespace Loggregator.Protocol.Envelopes;

/// <summary>A range of an envelope's bytes; the default value is an absent or empty field.</summary>
/// <param name="Offset">First byte, from the envelope's start.</param>
/// <param name="Length">Number of bytes.</param>
public readonly record struct ByteRange(int Offset, int Length)
{
    /// <summary>The bytes of this range.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> envelope) => envelope.Slice(Offset, Length);
}
