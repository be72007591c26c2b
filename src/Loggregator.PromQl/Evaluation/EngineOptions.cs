using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Limits and switches of an engine; the defaults are Prometheus' own.</summary>
public sealed record EngineOptions
{
    /// <summary>What the parser takes.</summary>
    public ParserOptions Parser { get; init; } = new();

    /// <summary>How far back an instant selector looks for a sample; one exactly that old still counts.</summary>
    public TimeSpan Lookback { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The step of subqueries that name none.</summary>
    public TimeSpan SubqueryStep { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many samples a query may hold at once, those of its intermediate results included; a step of a series counts as one whether it has a value or not.</summary>
    public int MaxSamples { get; init; } = 50_000_000;

    /// <summary>How long a query may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether a metric's name is dropped from results only at the end of the evaluation, so that <c>by (__name__)</c> sees it.</summary>
    public bool DelayedNameRemoval { get; init; }
}
