using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>Lets a store carry out those of a query's aggregations that it can. Below a subquery, whose steps are its own, nothing is pushed down.</summary>
internal sealed class PushDownPlan(string query, EngineOptions options, StepRange range, SampleBudget budget, Annotations annotations)
{
    private readonly Dictionary<AggregateExpr, PartialAggregation> _done = [];

    /// <summary>The aggregations that are carried out.</summary>
    public async ValueTask<Dictionary<AggregateExpr, PartialAggregation>> RunAsync(Expr expr, ISeriesReader reader, CancellationToken cancel)
    {
        if (reader is IAggregateReader aggregates && range.Count is > 0 and <= AggregateRequest.MaxSteps)
        {
            await VisitAsync(expr, aggregates, cancel).ConfigureAwait(false);
        }

        return _done;
    }

    private async ValueTask VisitAsync(Expr expr, IAggregateReader reader, CancellationToken cancel)
    {
        var left = new Stack<Expr>([expr]);
        while (left.TryPop(out var next))
        {
            if (next is SubqueryExpr || (next is AggregateExpr aggregate && Pushable.SelectorOf(aggregate) is not null && await TryAsync(aggregate, reader, cancel).ConfigureAwait(false)))
            {
                continue;
            }

            foreach (var child in next.Children.Reverse())
            {
                left.Push(child);
            }
        }
    }

    private async ValueTask<bool> TryAsync(AggregateExpr aggregate, IAggregateReader reader, CancellationToken cancel)
    {
        var aggregation = new PartialAggregation(aggregate, options, range, budget, annotations);
        var request = new AggregateRequest(query, aggregate.Range, range.Start, range.Interval, range.Count, options);
        if (await reader.AggregateAsync(request, aggregation.Selection, cancel).ConfigureAwait(false) is not { } answer)
        {
            return false;
        }

        aggregation.Add(answer.Rest);
        foreach (var part in answer.Parts)
        {
            aggregation.Merge(part);
        }

        foreach (var warning in answer.Warnings)
        {
            annotations.AddFromStore(warning);
        }

        _done.Add(aggregate, aggregation);
        return true;
    }
}
