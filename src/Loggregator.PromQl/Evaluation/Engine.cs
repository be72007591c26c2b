using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Answers queries. Any number of callers at once; each query is evaluated by one thread.</summary>
public sealed class Engine(EngineOptions options, TimeProvider time)
{
    /// <summary>Evaluates at one time (milliseconds since 1970). Faults are <see cref="PromQlException"/>s.</summary>
    public ValueTask<QueryResult> QueryAsync(ISeriesReader reader, string query, long at, CancellationToken cancel)
    {
        var expr = Parser.Parse(query, options.Parser);
        return RunAsync(reader, query, expr, new StepRange(at, 1, 1), false, cancel);
    }

    /// <summary>Evaluates at each step from <paramref name="start"/> as long as not past <paramref name="end"/>, all in milliseconds. The result is a matrix sorted by labels.</summary>
    public ValueTask<QueryResult> QueryRangeAsync(ISeriesReader reader, string query, long start, long end, long step, CancellationToken cancel)
    {
        var expr = Parser.Parse(query, options.Parser);
        if (expr.Kind is not (ValueKind.Vector or ValueKind.Scalar))
        {
            throw new PromQlException(
                PromQlFault.Parameters, $"invalid expression type \"{TypeChecker.Documented(expr.Kind)}\" for range query, must be Scalar or instant Vector");
        }

        return step <= 0
            ? throw new PromQlException(PromQlFault.Parameters, "zero or negative query resolution step widths are not accepted")
            : RunAsync(reader, query, expr, StepRange.Between(start, end, step, options.MaxSamples), true, cancel);
    }

    private async ValueTask<QueryResult> RunAsync(ISeriesReader reader, string query, Expr expr, StepRange range, bool ranged, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        try
        {
            var budget = new SampleBudget(options.MaxSamples, either.Token);
            var annotations = new Annotations(query);
            var pushed = await new PushDownPlan(query, options, range, budget, annotations).RunAsync(expr, reader, either.Token).ConfigureAwait(false);
            var plan = new SelectionPlan(options, range, pushed.Keys);
            plan.Visit(expr, range);
            var selected = await plan.ReadAsync(reader, budget, annotations, either.Token).ConfigureAwait(false);
            var evaluator = new Evaluator(options, range, selected, budget, annotations, pushed);
            return Answer(evaluator, expr, range, ranged, annotations);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw new PromQlException(PromQlFault.Canceled, "query was canceled in expression evaluation");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new PromQlException(PromQlFault.Timeout, "query timed out in expression evaluation");
        }
    }

    private static QueryResult Answer(Evaluator evaluator, Expr expr, StepRange range, bool ranged, Annotations annotations)
    {
        switch (ParenExpr.Unwrap(expr))
        {
            case StringLiteral text:
                return new QueryResult(ValueKind.String, [], text.Value, annotations.All);
            case TimedExpr { Kind: ValueKind.Matrix } matrix:
                var windows = evaluator.Windows(matrix, range);
                return new QueryResult(ValueKind.Matrix, [.. windows.OrderBy(series => series.Labels, Comparer<Labels>.Create(Labels.Compare))], "", annotations.All);
        }

        using var result = evaluator.Evaluate(expr, range);
        var series = Series(result, range);
        if (series.Select(one => one.Labels).Distinct().Count() < series.Count)
        {
            throw MatrixBuilder.SameLabels();
        }

        if (ranged)
        {
            series.Sort(static (left, right) => Labels.Compare(left.Labels, right.Labels));
        }

        return new QueryResult(ranged ? ValueKind.Matrix : expr.Kind, series, "", annotations.All);
    }

    private static List<Series> Series(StepMatrix matrix, StepRange range)
    {
        var all = new List<Series>(matrix.Count);
        for (var row = 0; row < matrix.Count; row++)
        {
            var samples = StepSamples.Of(matrix[row], range);
            if (samples.Length > 0)
            {
                all.Add(new Series(matrix.DropName(row) ? matrix.Labels(row).WithoutName() : matrix.Labels(row), samples));
            }
        }

        return all;
    }
}
