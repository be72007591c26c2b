using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Loggregator.Protocol.Envelopes;

/// <summary>A loss in words: <c>── 1,204 envelopes lost at doppler: evicted, 14:03:07.120–14:03:09.001 UTC</c>.</summary>
public static class GapText
{
    /// <summary>The most bytes that <see cref="Write"/> writes.</summary>
    public const int MaxLength = 256;

    private const int MaxWord = 48;
    private const string Clock = "HH':'mm':'ss'.'fff";

    /// <summary>Writes the line as UTF-8, without an end of line, and returns its length. A first timestamp of 0 is not known.</summary>
    public static int Write(Span<byte> target, in GapFields gap, long firstTimestamp = 0)
    {
        var bound = gap.UpperBound ? "up to " : "";
        var noun = gap.Count == 1 ? "envelope" : "envelopes";
        var hop = Encoding.UTF8.GetString(gap.Hop[..Math.Min(gap.Hop.Length, MaxWord)]);
        var reason = Encoding.UTF8.GetString(gap.Reason[..Math.Min(gap.Reason.Length, MaxWord)]);
        var culture = CultureInfo.InvariantCulture;
        Utf8.TryWrite(target, culture, $"── {bound}{gap.Count:N0} {noun} lost at {hop}: {reason}", out var length);
        if (firstTimestamp != 0 && firstTimestamp < gap.Timestamp)
        {
            Utf8.TryWrite(target[length..], culture, $", {Time(firstTimestamp).ToString(Clock, culture)}–{Time(gap.Timestamp).ToString(Clock, culture)} UTC", out var more);
            length += more;
        }
        else if (gap.Timestamp != 0)
        {
            Utf8.TryWrite(target[length..], culture, $", {Time(gap.Timestamp).ToString(Clock, culture)} UTC", out var more);
            length += more;
        }

        return length;
    }

    private static DateTime Time(long nanoseconds) => DateTime.UnixEpoch.AddTicks(nanoseconds / 100);
}
