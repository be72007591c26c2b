namespace Loggregator.Pipeline.Log;

/// <summary>
/// Full segments that may be packed: kept ones, and young ones of which as many are newer as are kept back. What came last is packed first: when
/// more comes than can be packed, what is packed stays so for long, rather than being evicted soon after. Append lock.
/// </summary>
internal sealed class ColdSegments
{
    private const int Most = 8192;
    private readonly Queue<(Segment Segment, int Generation)> _sealed = new();
    private readonly List<(Segment Segment, int Generation)> _cold = [];

    /// <summary>Young segments that stay as they came: those who read near the head do not unpack.</summary>
    public int KeptBack { get; set; }

    /// <summary>Set when there may be one more. One waits.</summary>
    public AutoResetEvent Came { get; } = new(false);

    /// <summary>A young segment is full.</summary>
    public void Seal(Segment segment)
    {
        _sealed.Enqueue((segment, segment.Generation));
        while (_sealed.Count > KeptBack)
        {
            var (cold, generation) = _sealed.Dequeue();
            if (cold.Generation == generation)
            {
                Add(cold);
            }
        }
    }

    /// <summary>A segment is one that may be packed.</summary>
    public void Add(Segment segment)
    {
        if (segment.Packed is not null)
        {
            return;
        }

        if (_cold.Count == Most)
        {
            _cold.RemoveRange(0, Most / 2);
        }

        _cold.Add((segment, segment.Generation));
        Came.Set();
    }

    /// <summary>Takes the next one, but for <paramref name="open"/>, which may be appended to, and for larger ones than usual; null if there is none.</summary>
    public Segment? Take(int segmentBytes, Segment? open)
    {
        while (_cold.Count > 0)
        {
            var (segment, generation) = _cold[^1];
            _cold.RemoveAt(_cold.Count - 1);
            if (segment.Generation == generation && segment.Packed is null && segment.Bytes.Length <= segmentBytes && segment.Count > 0 && segment != open)
            {
                return segment;
            }
        }

        return null;
    }
}
