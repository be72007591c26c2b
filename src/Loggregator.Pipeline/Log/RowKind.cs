using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>What a row's record is, as routing needs it: the envelope type, two values of its own, and a flag.</summary>
internal static class RowKind
{
    /// <summary>A counter that is a gap record of one of our tiers.</summary>
    public const byte Gap = 6;

    /// <summary>A row of a kept segment that was given up; nobody matches it.</summary>
    public const byte Dead = 7;

    /// <summary>Added to a kind: the dropsonde envelope that the record came as lies behind it.</summary>
    public const byte Original = 8;

    /// <summary>The number of kinds.</summary>
    public const int Count = 2 * Original;

    public static byte Of(in EnvelopeHeader header) =>
        (header.Flags & EnvelopeFlags.GapRecord) != 0 ? Gap : (byte)header.Type;

    /// <summary>Whether the row holds the dropsonde envelope that its record came as.</summary>
    public static bool HasOriginal(int kind) => kind >= Original;

    private const int Metrics = (1 << (int)EnvelopeType.Counter) | (1 << (int)EnvelopeType.Gauge) | (1 << (int)EnvelopeType.Timer) | (1 << Gap);

    private static readonly SearchValues<byte>[] ByClass = [.. Enum.GetValues<EnvelopeClass>().Select(wanted => SearchValues.Create(
        [.. Enumerable.Range(0, Count).Select(kind => (byte)kind).Where(kind => kind % Original != Dead && ClassOf(kind) == wanted)]))];

    /// <summary>The kinds of a class.</summary>
    public static SearchValues<byte> Of(EnvelopeClass wanted) => ByClass[(int)wanted];

    /// <summary>Of a row that is not dead.</summary>
    public static EnvelopeClass ClassOf(int kind) => (EnvelopeClass)((Metrics >> (kind & (Original - 1))) & 1);

    public static EnvelopeType TypeOf(int kind) => (kind % Original) switch
    {
        Gap => EnvelopeType.Counter,
        Dead => EnvelopeType.None,
        var type => (EnvelopeType)type,
    };
}
