namespace Loggregator.Pipeline.Log;

/// <summary>
/// When positions were appended, to the second for the newest and coarser the longer ago: so many samples at most. Append lock.
/// </summary>
internal sealed class PositionTimes
{
    private const int MaxSamples = 4096;
    private readonly List<(long Position, long Second)> _samples = new(64);

    /// <summary>When something was appended last, in the log's seconds.</summary>
    public long Newest => _samples.Count == 0 ? 0 : _samples[^1].Second;

    /// <summary>A position is appended now; positions and seconds ascend.</summary>
    public void Note(long position, long second)
    {
        if (_samples.Count > 0 && _samples[^1].Second >= second)
        {
            return;
        }

        if (_samples.Count == MaxSamples)
        {
            for (var kept = 0; kept < MaxSamples / 4; kept++)
            {
                _samples[kept] = _samples[kept * 2];
            }

            _samples.RemoveRange(MaxSamples / 4, MaxSamples / 4);
        }

        _samples.Add((position, second));
    }

    /// <summary>When a position was appended, or shortly before.</summary>
    public long Of(long position)
    {
        int from = 0, to = _samples.Count;
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = _samples[middle].Position <= position ? (middle + 1, to) : (from, middle);
        }

        return _samples.Count == 0 ? 0 : _samples[Math.Max(from - 1, 0)].Second;
    }
}
