using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>One aggregation of a query, for a part of a store to carry out.</summary>
/// <param name="Query">The whole query, so that remarks name the right place.</param>
/// <param name="Place">Where in it the aggregation stands.</param>
/// <param name="Start">The query's first step, in milliseconds.</param>
/// <param name="Interval">From one step to the next, in milliseconds.</param>
/// <param name="Steps">How many.</param>
/// <param name="Options">The engine's.</param>
public sealed record AggregateRequest(string Query, TextRange Place, long Start, long Interval, int Steps, EngineOptions Options)
{
    /// <summary>More steps are not pushed down.</summary>
    public const int MaxSteps = 20_000;
}
