using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>What <c>@</c> and <c>offset</c> make of an evaluation time.</summary>
/// <param name="Fixed">The time of <c>@</c>.</param>
/// <param name="Offset">How far back.</param>
internal readonly record struct TimeShift(long? Fixed, long Offset)
{
    public static TimeShift Of(TimedExpr timed, StepRange query) => new(
        timed.Anchor switch { TimeAnchor.Start => query.Start, TimeAnchor.End => query.End, _ => timed.Timestamp }, timed.Offset);

    public long Apply(long time) => (Fixed ?? time) - Offset;
}
