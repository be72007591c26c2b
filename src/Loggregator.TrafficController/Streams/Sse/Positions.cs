using Loggregator.Client.Consume;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>Where one client stands at every Doppler, behind what has been written to it.</summary>
/// <param name="start">Where it stood before; a Doppler that is away keeps its mark.</param>
/// <param name="time">The clock.</param>
internal sealed class Positions(StreamCursor? start, TimeProvider time)
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
    public override string ToString() =>
        new StreamCursor((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100, [.. _marks.Values]).ToString();
}
