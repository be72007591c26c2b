using Loggregator.Pipeline.Flow;

namespace Loggregator.Pipeline.Rings;

/// <summary>The envelopes of one lane in arrival order. Guarded by the ring's lock; the two counts may be read without it.</summary>
internal sealed class RingLane
{
    public long Envelopes;
    public long Bytes;

    public AsyncSignal Signal { get; } = new();

    /// <summary>The oldest envelope, or -1.</summary>
    public int Head { get; private set; } = -1;

    private int Tail { get; set; } = -1;

    public void Append(CellArena arena, int first)
    {
        ref var cell = ref arena[first];
        cell.LaneNext = -1;
        cell.LanePrevious = Tail;
        if (Tail >= 0)
        {
            arena[Tail].LaneNext = first;
        }
        else
        {
            Head = first;
        }

        Tail = first;
        Envelopes++;
        Bytes += cell.Length;
    }

    public void Remove(CellArena arena, int first)
    {
        ref var cell = ref arena[first];
        if (cell.LanePrevious >= 0)
        {
            arena[cell.LanePrevious].LaneNext = cell.LaneNext;
        }
        else
        {
            Head = cell.LaneNext;
        }

        if (cell.LaneNext >= 0)
        {
            arena[cell.LaneNext].LanePrevious = cell.LanePrevious;
        }
        else
        {
            Tail = cell.LanePrevious;
        }

        Envelopes--;
        Bytes -= cell.Length;
    }
}
