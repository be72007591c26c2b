namespace Loggregator.Protocol.Envelopes;

/// <summary>One envelope as the bytes that came from the wire.</summary>
public static class RawEnvelope
{
    /// <summary>
    /// Validates the whole structure and every string of one serialised envelope, and reads its header, in one pass.
    /// For bytes from outside; never throws, never reads past the end.
    /// </summary>
    /// <returns>False when a strict protobuf reader would refuse these bytes; <paramref name="header"/> is then undefined.</returns>
    public static bool TryRead(ReadOnlySpan<byte> envelope, out EnvelopeHeader header) => throw new NotSupportedException();

    /// <summary>Reads the header of bytes that a tier of ours has validated: looks at the top level alone. Still never reads past the end.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> envelope, out EnvelopeHeader header) => throw new NotSupportedException();
}
