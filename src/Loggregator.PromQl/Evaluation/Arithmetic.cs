using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The binary operators on two numbers.</summary>
internal static class Arithmetic
{
    /// <summary>The result; of a comparison the left value if it holds.</summary>
    /// <param name="op">Any but the set operators.</param>
    /// <param name="left">The left value.</param>
    /// <param name="right">The right value.</param>
    /// <param name="holds">False if a comparison does not.</param>
    public static double Apply(BinaryOperator op, double left, double right, out bool holds)
    {
        holds = op switch
        {
            BinaryOperator.Equal => left == right,
            BinaryOperator.NotEqual => left != right,
            BinaryOperator.Greater => left > right,
            BinaryOperator.Less => left < right,
            BinaryOperator.GreaterOrEqual => left >= right,
            BinaryOperator.LessOrEqual => left <= right,
            _ => true,
        };
        return op switch
        {
            BinaryOperator.Add => left + right,
            BinaryOperator.Subtract => left - right,
            BinaryOperator.Multiply => left * right,
            BinaryOperator.Divide => left / right,
            BinaryOperator.Modulo => left % right,
            BinaryOperator.Power => Math.Pow(left, right),
            BinaryOperator.Atan2 => Math.Atan2(left, right),
            _ => left,
        };
    }
}
