using System.Text;

namespace Loggregator.Load.Wire;

/// <summary>The counter <c>dropped</c> with the tags <c>hop</c> and <c>reason</c>: how many envelopes of its source a reader has missed.</summary>
internal readonly record struct GapRecord(string Hop, string Reason, long Count, bool UpperBound)
{
    private const int V1Tags = 17;

    public static bool TryRead(ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> counter, out GapRecord record)
    {
        record = default;
        long delta = 0;
        var named = false;
        var fields = new EnvelopeScan(counter);
        while (fields.MoveNext())
        {
            named = fields.Field == 1 ? fields.Content.SequenceEqual("dropped"u8) : named;
            delta = fields.Field == 2 ? (long)fields.Value : delta;
        }

        string? hop = null, reason = null;
        var upper = false;
        var scan = new EnvelopeScan(envelope);
        while (named && scan.MoveNext())
        {
            if (scan.Field is not (9 or 3 or V1Tags))
            {
                continue;
            }

            var (key, value) = ReadTag(scan.Content, typed: scan.Field == 3);
            hop = key == "hop" ? value : hop;
            reason = key == "reason" ? value : reason;
            upper |= key == "bound" && value == "upper";
        }

        record = new GapRecord(hop ?? "", reason ?? "", delta, upper);
        return hop is not null && reason is not null;
    }

    // A deprecated tag (field 3) has its text one message deeper.
    private static (string Key, string Value) ReadTag(ReadOnlySpan<byte> entry, bool typed)
    {
        string key = "", value = "";
        var fields = new EnvelopeScan(entry);
        while (fields.MoveNext())
        {
            if (fields.Field == 1)
            {
                key = Encoding.UTF8.GetString(fields.Content);
            }
            else if (fields.Field == 2)
            {
                value = typed ? ReadTag(fields.Content, typed: false).Key : Encoding.UTF8.GetString(fields.Content);
            }
        }

        return (key, value);
    }
}
