using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Which samples a query needs: for each selector its matchers and the widest range of times.</summary>
/// <param name="options">The engine's.</param>
/// <param name="query">The query's steps.</param>
/// <param name="done">Aggregations that need nothing more.</param>
internal sealed class SelectionPlan(EngineOptions options, StepRange query, IReadOnlyCollection<AggregateExpr>? done = null)
{
    private readonly List<(VectorSelector Selector, long MinTime, long MaxTime)> _selections = [];

    /// <summary>Adds what an expression needs that is evaluated over a range.</summary>
    public void Visit(Expr expr, StepRange range) => Visit(expr, range.Start, range.Count == 0 ? range.Start : range.End);

    /// <summary>Reads all of it.</summary>
    public async ValueTask<Dictionary<VectorSelector, IReadOnlyList<Series>>> ReadAsync(
        ISeriesReader reader, SampleBudget budget, Annotations annotations, CancellationToken cancel)
    {
        var read = new Dictionary<VectorSelector, IReadOnlyList<Series>>();
        foreach (var (place, selection) in _selections.Select(entry => entry.Selector).Zip(Selections(budget)))
        {
            var selected = await reader.SelectAsync(selection, cancel).ConfigureAwait(false);
            read[place] = selected.Series;
            foreach (var warning in selected.Warnings)
            {
                annotations.AddFromStore(warning);
            }
        }

        return read;
    }

    /// <summary>All of it, one selection for each selector.</summary>
    public IEnumerable<SeriesSelection> Selections(SampleBudget budget) =>
        _selections.Select(entry => new SeriesSelection(entry.Selector.Matchers, entry.MinTime, entry.MaxTime, budget.Max));

    private void Visit(Expr expr, long start, long end)
    {
        switch (expr)
        {
            case AggregateExpr aggregate when done?.Contains(aggregate) == true:
                break;
            case VectorSelector vector:
                (start, end) = Times(vector, start, end);
                _selections.Add((vector, start - (long)options.Lookback.TotalMilliseconds, end));
                break;
            case MatrixSelector matrix:
                (start, end) = Times(matrix, start, end);
                _selections.Add((matrix.Selector, start - matrix.Window, end));
                break;
            case SubqueryExpr subquery:
                (start, end) = Times(subquery, start, end);
                Visit(subquery.Inner, start - subquery.Window, end);
                break;
            default:
                foreach (var child in expr.Children)
                {
                    Visit(child, start, end);
                }

                break;
        }
    }

    private (long Start, long End) Times(TimedExpr timed, long start, long end) =>
        (TimeShift.Of(timed, query).Apply(start), TimeShift.Of(timed, query).Apply(end));
}
