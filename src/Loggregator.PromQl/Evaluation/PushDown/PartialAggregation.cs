using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>
/// An aggregation of a query over series that come piece by piece, or that others have aggregated already. What is held is the groups, not the series. One thread.
/// </summary>
public sealed class PartialAggregation
{
    private readonly EngineOptions _options;
    private readonly StepRange _query;
    private readonly StepRange _range;
    private readonly Expr _inner;
    private readonly VectorSelector _selector;
    private readonly SampleBudget _budget;
    private readonly Annotations _annotations;
    private readonly IPartialResult _result;
    private long _samples;

    internal PartialAggregation(AggregateExpr aggregate, EngineOptions options, StepRange query, SampleBudget budget, Annotations annotations)
    {
        (_options, _query, _budget, _annotations, _inner) = (options, query, budget, annotations, aggregate.Inner);
        _selector = Pushable.SelectorOf(aggregate) ?? throw new ArgumentException("It cannot be pushed down.", nameof(aggregate));
        _range = Evaluator.IsStepInvariant(aggregate) ? query with { Count = 1 } : query;
        var plan = new SelectionPlan(options, query);
        plan.Visit(_inner, _range);
        Selection = plan.Selections(budget).Single();
        _result = aggregate.Parameter is null
            ? new GroupFold(aggregate, _range.Count, budget)
            : new Candidates(aggregate, _selector.Matchers.FirstOrDefault(matcher => matcher.Name == Labels.MetricName)?.Value ?? "", Parameter(aggregate.Parameter), _range.Count, budget, annotations);
    }

    /// <summary>The series that it is over.</summary>
    public SeriesSelection Selection { get; }

    /// <summary>Opens one that a query's engine has asked for. What is no such aggregation is refused with a <see cref="PromQlException"/>.</summary>
    /// <param name="request">What it asked for.</param>
    /// <param name="maxHeld">How many values may be held at once, those of the groups included.</param>
    /// <param name="cancel">Ends it.</param>
    public static PartialAggregation Open(AggregateRequest request, int maxHeld, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        var aggregate = Pushable.Find(Parser.Parse(request.Query, request.Options.Parser), request.Place);
        if (aggregate is null || Pushable.SelectorOf(aggregate) is null || request.Interval < 1 || request.Steps is < 1 or > AggregateRequest.MaxSteps)
        {
            throw new PromQlException(PromQlFault.Parameters, "there is no aggregation in this query that can be evaluated in parts");
        }

        var range = new StepRange(request.Start, request.Interval, request.Steps);
        return new PartialAggregation(aggregate, request.Options, range, new SampleBudget(Math.Min(maxHeld, request.Options.MaxSamples), cancel), new Annotations(request.Query));
    }

    /// <summary>Takes series, each whole and once. More samples than the options allow, of all that was added, are an error.</summary>
    public void Add(IReadOnlyList<Series> series)
    {
        ArgumentNullException.ThrowIfNull(series);
        Count(series.Sum(one => (long)one.Samples.Length));
        var evaluator = new Evaluator(_options, _query, new() { [_selector] = series }, _budget, _annotations);
        using var input = evaluator.Evaluate(_inner, _range);
        _result.Add(input);
    }

    /// <summary>What it has come to, for another to go on from.</summary>
    public PartialGroups Result() => new(_result.Groups, _samples, _annotations.All);

    internal void Merge(PartialGroups others)
    {
        Count(others.Samples);
        if (others.Groups.Any(group => group.Values.Length != _range.Count))
        {
            throw new PromQlException(PromQlFault.Execution, "a part of the store answered for other steps");
        }

        _annotations.AddAll(others.Annotations);
        _result.Merge(others.Groups);
    }

    internal StepMatrix ToMatrix() => _result.ToMatrix();

    private void Count(long samples)
    {
        _budget.Take(0);
        if ((_samples += samples) > _options.MaxSamples)
        {
            throw SampleBudget.Exceeded();
        }
    }

    private double Parameter(Expr parameter)
    {
        using var value = new Evaluator(_options, _query, [], _budget, _annotations).Evaluate(parameter, _range);
        return value[0][0];
    }
}
