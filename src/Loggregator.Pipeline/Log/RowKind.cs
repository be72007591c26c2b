using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>What a row's record is, as routing needs it: the envelope type, and two values of its own.</summary>
internal static class RowKind
{
    /// <summary>A counter that is a gap record of one of our tiers.</summary>
    public const byte Gap = 6;

    /// <summary>A row of a kept segment that was given up; nobody matches it.</summary>
    public const byte Dead = 7;

    /// <summary>The number of kinds.</summary>
    public const int Count = 8;

    public static byte Of(in EnvelopeHeader header) =>
        (header.Flags & EnvelopeFlags.GapRecord) != 0 ? Gap : (byte)header.Type;

    public static EnvelopeType TypeOf(int kind) => kind switch
    {
        Gap => EnvelopeType.Counter,
        Dead => EnvelopeType.None,
        _ => (EnvelopeType)kind,
    };
}
