using Loggregator.Client.Consume;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>Where one client stands at every Doppler, behind what has been written to it.</summary>
internal sealed class Positions(TimeProvider time)
{
    private readonly Dictionary<string, CursorMark> _marks = []; // by Doppler id

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

    /// <summary>The cursor.</summary>
    public override string ToString() =>
        new StreamCursor((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100, [.. _marks.Values]).ToString();
}
