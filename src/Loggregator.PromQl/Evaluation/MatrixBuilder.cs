using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Collects samples by their labels: those of different steps make one series, two at one step are an error.</summary>
internal sealed class MatrixBuilder(int steps, SampleBudget budget)
{
    private readonly Dictionary<Labels, int> _rows = [];

    public StepMatrix Result { get; } = new(steps, budget);

    public static PromQlException SameLabels() => new(PromQlFault.Execution, "vector cannot contain metrics with the same labelset");

    /// <summary>The row of a label set.</summary>
    public int Row(Labels labels, bool dropName)
    {
        if (!_rows.TryGetValue(labels, out var row))
        {
            _rows.Add(labels, row = Result.Add(labels, dropName));
        }

        return row;
    }

    public void Put(int row, int step, double value)
    {
        ref var place = ref Result[row][step];
        place = Sample.IsStale(place) ? value : throw SameLabels();
    }

    /// <summary>A matrix in which rows of equal labels are one; the given one if there are none.</summary>
    public static StepMatrix Merge(StepMatrix matrix, SampleBudget budget)
    {
        if (!matrix.HasDuplicates())
        {
            return matrix;
        }

        var builder = new MatrixBuilder(matrix.Steps, budget);
        for (var row = 0; row < matrix.Count; row++)
        {
            var target = builder.Row(matrix.Labels(row), matrix.DropName(row));
            for (var step = 0; step < matrix.Steps; step++)
            {
                if (!Sample.IsStale(matrix[row][step]))
                {
                    builder.Put(target, step, matrix[row][step]);
                }
            }
        }

        matrix.Dispose();
        return builder.Result;
    }
}
