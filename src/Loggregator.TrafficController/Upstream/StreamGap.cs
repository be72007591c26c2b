using System.Text;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.TrafficController.Upstream;

/// <summary>What a stream missed of one source instance, for one reason.</summary>
internal sealed class StreamGap
{
    public required string SourceId { get; init; }

    public required string InstanceId { get; init; }

    /// <summary>Which tier lost it.</summary>
    public required string Hop { get; init; }

    public required string Reason { get; init; }

    /// <summary>The count is at most this.</summary>
    public bool UpperBound { get; set; }

    public ulong Count { get; set; }

    /// <summary>UNIX nanoseconds; 0: not known.</summary>
    public long FirstTimestamp { get; set; }

    /// <summary>UNIX nanoseconds; 0: not known.</summary>
    public long LastTimestamp { get; set; }

    /// <summary>What a gap record in the stream says.</summary>
    public static StreamGap Of(in GapFields gap) => new()
    {
        SourceId = Encoding.UTF8.GetString(gap.SourceId),
        InstanceId = Encoding.UTF8.GetString(gap.InstanceId),
        Hop = Encoding.UTF8.GetString(gap.Hop),
        Reason = Encoding.UTF8.GetString(gap.Reason),
        UpperBound = gap.UpperBound,
        Count = gap.Count,
        LastTimestamp = gap.Timestamp,
    };

    /// <summary>Adds what was lost besides.</summary>
    public void Add(ulong count, long firstTimestamp, long lastTimestamp, bool upperBound)
    {
        if (firstTimestamp != 0 && (FirstTimestamp == 0 || firstTimestamp < FirstTimestamp))
        {
            FirstTimestamp = firstTimestamp;
        }

        LastTimestamp = Math.Max(LastTimestamp, lastTimestamp);
        Count += count;
        UpperBound |= upperBound;
    }
}
