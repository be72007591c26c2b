namespace Loggregator.Pipeline.Log;

/// <summary>A place in the log. Guarded by the consumer's gate; eviction moves it when the segment under it goes.</summary>
internal sealed class LogReader(RouteTable table)
{
    /// <summary>Whose alone it is; null for the place that all attached subscriptions share.</summary>
    public Subscription? Owner { get; set; }

    public RouteTable Table { get; } = table;

    /// <summary>Everything before this position is done with.</summary>
    public long Position { get; set; }

    public Segment? Segment { get; private set; }

    public int Row { get; set; }

    private int Generation { get; set; }

    public void MoveTo(Segment segment, int row)
    {
        Segment = segment;
        Generation = segment.Generation;
        Row = row;
    }

    public void CopyPlaceOf(LogReader other)
    {
        Position = other.Position;
        Row = other.Row;
        Segment = other.Segment;
        Generation = other.Generation;
    }

    public void Leave() => Segment = null;

    /// <summary>Finds its place again if its segment was retired. Append lock and gate.</summary>
    public void Relocate(SegmentList segments)
    {
        if (Segment is not null && Segment.Generation != Generation)
        {
            var (segment, row) = segments.Locate(Position);
            MoveTo(segment, row);
        }
    }
}
