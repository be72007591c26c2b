using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Binary operators.</summary>
internal sealed partial class Evaluator
{
    private StepMatrix Binary(BinaryExpr binary, StepRange range)
    {
        var left = Evaluate(binary.Left, range);
        var right = Evaluate(binary.Right, range);
        if (binary.Matching is not null)
        {
            var join = new VectorJoin(binary, left, right, budget, options.DelayedNameRemoval);
            var joined = binary.Operator.IsSet() ? join.Set() : join.Match();
            left.Dispose();
            right.Dispose();
            return joined;
        }

        var vectorIsRight = binary.Right.Kind == ValueKind.Vector;
        var (vector, scalar) = vectorIsRight ? (right, left) : (left, right);
        WithScalar(binary, vector, scalar, vectorIsRight);
        scalar.Dispose();
        return binary.Kind == ValueKind.Vector && (binary.ReturnBool || !binary.Operator.IsComparison()) ? Named(vector) : vector;
    }

    /// <summary>Combines each row of a vector, or a scalar, with a scalar; a filter keeps the vector's value.</summary>
    private static void WithScalar(BinaryExpr binary, StepMatrix vector, StepMatrix scalar, bool vectorIsRight)
    {
        var comparison = binary.Operator.IsComparison();
        for (var row = 0; row < vector.Count; row++)
        {
            var values = vector[row];
            var others = scalar[0];
            for (var step = 0; step < values.Length; step++)
            {
                var value = values[step];
                if (Sample.IsStale(value))
                {
                    continue;
                }

                var (left, right) = vectorIsRight ? (others[step], value) : (value, others[step]);
                var result = Arithmetic.Apply(binary.Operator, left, right, out var holds);
                values[step] = !comparison ? result : binary.ReturnBool ? (holds ? 1 : 0) : holds ? value : Sample.Stale;
            }
        }
    }
}
