using System.Buffers;
using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation;

/// <summary>
/// An instant vector at every step: a row per series, a value per step, all in one pooled array. Where a series has no sample stands the staleness
/// marker, which no calculation yields. A scalar is a matrix of one row without labels or gaps.
/// </summary>
internal sealed class StepMatrix(int steps, SampleBudget budget) : IDisposable
{
    private readonly List<(Labels Labels, bool DropName)> _rows = [];
    private double[] _values = [];

    public int Steps => steps;

    public int Count => _rows.Count;

    public Span<double> this[int row] => _values.AsSpan(row * steps, steps);

    public Labels Labels(int row) => _rows[row].Labels;

    /// <summary>Whether the metric's name goes at the end of the evaluation.</summary>
    public bool DropName(int row) => _rows[row].DropName;

    public void Relabel(int row, Labels labels, bool dropName) => _rows[row] = (labels, dropName);

    /// <summary>Adds a row without samples and returns its index.</summary>
    public int Add(Labels labels, bool dropName)
    {
        budget.Take(steps);
        var end = (_rows.Count + 1L) * steps;
        if (end > _values.Length)
        {
            var larger = ArrayPool<double>.Shared.Rent((int)Math.Min(Math.Max(end, 2L * _values.Length), Array.MaxLength));
            _values.AsSpan(0, _rows.Count * steps).CopyTo(larger);
            Release();
            _values = larger;
        }

        _rows.Add((labels, dropName));
        this[_rows.Count - 1].Fill(Sample.Stale);
        return _rows.Count - 1;
    }

    /// <summary>Takes the last row away again.</summary>
    public void RemoveLast()
    {
        _rows.RemoveAt(_rows.Count - 1);
        budget.Return(steps);
    }

    /// <summary>Whether a row has no sample at all.</summary>
    public bool IsEmpty(int row)
    {
        foreach (var value in this[row])
        {
            if (!Sample.IsStale(value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The rows in another order; rows left out are gone.</summary>
    public StepMatrix Pick(IEnumerable<int> order)
    {
        var picked = new StepMatrix(steps, budget);
        foreach (var row in order)
        {
            this[row].CopyTo(picked[picked.Add(_rows[row].Labels, _rows[row].DropName)]);
        }

        Dispose();
        return picked;
    }

    /// <summary>Whether two rows have the same labels.</summary>
    public bool HasDuplicates() => _rows.Select(row => row.Labels).Distinct().Count() < _rows.Count;

    public void Dispose()
    {
        budget.Return((long)_rows.Count * steps);
        _rows.Clear();
        Release();
        _values = [];
    }

    private void Release()
    {
        if (_values.Length > 0)
        {
            ArrayPool<double>.Shared.Return(_values);
        }
    }
}
