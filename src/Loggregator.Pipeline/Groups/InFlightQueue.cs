using System.Numerics;

namespace Loggregator.Pipeline.Groups;

/// <summary>
/// What a member got and has not acknowledged, in the order in which it got it. That is ascending by position but where the member was sent
/// back to take over what another left: each ascending stretch is found in by bisection. Grows by doubling; its member's limits bound it.
/// Guarded by the gate of the member's consumer.
/// </summary>
internal sealed class InFlightQueue
{
    private readonly List<long> _stretches = []; // index of the first of each, ascending; those that are wholly acknowledged are dropped
    private InFlightEnvelope[] _ring = [];
    private long _first; // indices count from the first envelope ever
    private long _end;

    public long Bytes { get; private set; }

    public int Count => (int)(_end - _first);

    /// <summary>Envelopes added since the beginning.</summary>
    public long Added => _end;

    /// <summary>Envelopes taken out since the beginning.</summary>
    public long Taken => _first;

    /// <summary>When the oldest one was sent; null when there is none.</summary>
    public long? OldestSentAt => Count == 0 ? null : At(_first).SentAt;

    /// <summary>No position in it is lower.</summary>
    public long Lowest
    {
        get
        {
            var lowest = long.MaxValue;
            foreach (var start in _stretches)
            {
                lowest = Math.Min(lowest, At(Math.Max(start, _first)).Position);
            }

            return lowest;
        }
    }

    public ref InFlightEnvelope At(long index) => ref _ring[(int)(index & (_ring.Length - 1))];

    public void Add(in InFlightEnvelope envelope)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        if (Count == 0 || envelope.Position <= At(_end - 1).Position)
        {
            _stretches.Add(_end);
        }

        At(_end++) = envelope;
        Bytes += envelope.Bytes;
    }

    /// <summary>Takes the oldest one out.</summary>
    public InFlightEnvelope Take()
    {
        var envelope = At(_first++);
        Bytes -= envelope.Bytes;
        if (_first == (_stretches.Count > 1 ? _stretches[1] : _end))
        {
            _stretches.RemoveAt(0);
        }

        return envelope;
    }

    /// <summary>Whether the envelope at this position is in flight here, and its slot is still the member's.</summary>
    public bool Holds(long position)
    {
        for (var i = 0; i < _stretches.Count; i++)
        {
            var low = Math.Max(_stretches[i], _first);
            var end = i + 1 < _stretches.Count ? _stretches[i + 1] : _end;
            for (var high = end; low < high;)
            {
                var middle = low + ((high - low) / 2);
                (low, high) = At(middle).Position < position ? (middle + 1, high) : (low, middle);
            }

            if (low < end && At(low).Position == position && At(low).Slot >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private void Grow()
    {
        var larger = new InFlightEnvelope[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, _ring.Length + 1))];
        for (var index = _first; index < _end; index++)
        {
            larger[(int)(index & (larger.Length - 1))] = At(index);
        }

        _ring = larger;
    }
}
