using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// Names of metrics and tags as Prometheus' data model takes them (<c>[a-zA-Z_:][a-zA-Z0-9_:]*</c> and, of labels, the same without colon): each
/// character that it does not take, and a digit at the beginning, is an underscore. UTF-8.
/// </summary>
public static class MetricNames
{
    private static readonly SearchValues<byte> OfLabels = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"u8);
    private static readonly SearchValues<byte> OfMetrics = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:"u8);

    /// <summary>Whether a metric's name stays as it is.</summary>
    public static bool IsMetric(ReadOnlySpan<byte> name) => Is(name, OfMetrics);

    /// <summary>Whether a label's name stays as it is.</summary>
    public static bool IsLabel(ReadOnlySpan<byte> name) => Is(name, OfLabels);

    /// <summary>A metric's name, as long as it was or shorter.</summary>
    public static byte[] OfMetric(ReadOnlySpan<byte> name) => Fold(name, OfMetrics);

    /// <summary>A label's name, as long as the tag's or shorter.</summary>
    public static byte[] OfLabel(ReadOnlySpan<byte> name) => Fold(name, OfLabels);

    /// <summary>The value of the tag that is this label: that of its very name, else the first one, in the order of a canonical identity, whose name becomes it.</summary>
    public static bool TryGetTag(ReadOnlySpan<byte> identity, ReadOnlySpan<byte> label, out ReadOnlySpan<byte> value)
    {
        if (EnvelopeReader.TryGetTag(identity, label, out value) || !label.Contains((byte)'_'))
        {
            return !value.IsEmpty;
        }

        var tags = new TagReader(identity);
        while (tags.MoveNext())
        {
            if (!IsLabel(tags.Key) && OfLabel(tags.Key).AsSpan().SequenceEqual(label))
            {
                value = tags.Value;
                return true;
            }
        }

        return false;
    }

    private static bool Is(ReadOnlySpan<byte> name, SearchValues<byte> allowed) =>
        name.Length > 0 && name[0] is < (byte)'0' or > (byte)'9' && !name.ContainsAnyExcept(allowed);

    private static byte[] Fold(ReadOnlySpan<byte> name, SearchValues<byte> allowed)
    {
        var folded = new byte[name.Length];
        var length = 0;
        foreach (var letter in name)
        {
            if ((letter & 0xc0) != 0x80) // not within a character
            {
                folded[length] = allowed.Contains(letter) && (length > 0 || letter is < (byte)'0' or > (byte)'9') ? letter : (byte)'_';
                length++;
            }
        }

        return folded[..length];
    }
}
