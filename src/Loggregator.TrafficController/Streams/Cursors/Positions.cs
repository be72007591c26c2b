using Loggregator.Client.Consume;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Cursors;

/// <summary>Where one client stands at every Doppler, behind what has been written to it.</summary>
/// <param name="start">Where it stood before; a Doppler that is away keeps its mark.</param>
internal sealed class Positions(StreamCursor? start)
{
    private readonly Dictionary<string, CursorMark> _marks = start?.Marks.DistinctBy(mark => mark.DopplerId).ToDictionary(mark => mark.DopplerId) ?? [];

    /// <summary>The client has everything before this place.</summary>
    public void Set(Place place)
    {
        if (place.DopplerId is { } id)
        {
            _marks[id] = new CursorMark(id, place.Incarnation, place.Next);
        }
    }

    /// <summary>Takes a place over where none is known.</summary>
    public void SetFirst(Place place)
    {
        if (place.DopplerId is { } id)
        {
            _marks.TryAdd(id, new CursorMark(id, place.Incarnation, place.Next));
        }
    }

    /// <summary>Whether the client stands in another run of this place's Doppler.</summary>
    public bool OfAnotherRun(Place place) =>
        place.DopplerId is { } id && _marks.TryGetValue(id, out var mark) && mark.Incarnation != place.Incarnation;

    /// <summary>The cursor.</summary>
    /// <param name="mintedAt">From when on a Doppler without a mark is read, UNIX nanoseconds.</param>
    public StreamCursor At(long mintedAt) => new(mintedAt, [.. _marks.Values]);
}
