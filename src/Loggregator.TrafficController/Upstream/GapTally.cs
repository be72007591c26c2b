namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// Losses that a stream has not been told yet, merged by source, instance, hop and reason. Bounded: beyond the capacity they are folded
/// into the source <c>other</c>, one entry a hop and reason. Not thread safe: its stream's lock guards it.
/// </summary>
internal sealed class GapTally
{
    private const int Capacity = 1024;
    private const string Other = "other";
    private readonly Dictionary<(string Source, string Instance, string Hop, string Reason), StreamGap> _gaps = [];

    public bool IsEmpty => _gaps.Count == 0;

    public void Add(string source, string instance, string hop, string reason, ulong count, long first, long last, bool upperBound)
    {
        if (!_gaps.TryGetValue((source, instance, hop, reason), out var gap))
        {
            if (_gaps.Count >= Capacity)
            {
                (source, instance) = (Other, "");
            }

            if (!_gaps.TryGetValue((source, instance, hop, reason), out gap))
            {
                gap = new StreamGap { SourceId = source, InstanceId = instance, Hop = hop, Reason = reason };
                _gaps.Add((source, instance, hop, reason), gap);
            }
        }

        gap.Add(count, first, last, upperBound);
    }

    /// <summary>Hands over all of it.</summary>
    public StreamGap[] Take()
    {
        StreamGap[] gaps = [.. _gaps.Values];
        _gaps.Clear();
        return gaps;
    }
}
