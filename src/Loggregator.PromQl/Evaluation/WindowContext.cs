using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>What a range function may know besides the samples of its window.</summary>
/// <param name="Time">The evaluation time.</param>
/// <param name="Start">Where the window begins, inclusive.</param>
/// <param name="End">Where it ends, inclusive.</param>
/// <param name="First">The first scalar argument, NaN without one.</param>
/// <param name="Second">The second.</param>
/// <param name="Annotations">Where to put remarks.</param>
/// <param name="Call">The call.</param>
internal readonly record struct WindowContext(long Time, long Start, long End, double First, double Second, Annotations Annotations, Call Call)
{
    public double Seconds => (End - Start) / 1000.0;
}
