namespace Loggregator.PromQl.Syntax;

/// <summary>Texts and precedence of the binary operators.</summary>
internal static class Operators
{
    /// <summary>The precedence of <c>*</c> and, on its right side, of a sign.</summary>
    public const int OfProducts = 5;

    private static readonly string[] Texts = ["or", "and", "unless", "==", "!=", ">", "<", ">=", "<=", "+", "-", "*", "/", "%", "atan2", "^"];

    public static string Text(this BinaryOperator op) => Texts[(int)op];

    public static bool IsSet(this BinaryOperator op) => op <= BinaryOperator.Unless;

    public static bool IsComparison(this BinaryOperator op) => op is >= BinaryOperator.Equal and <= BinaryOperator.LessOrEqual;

    /// <summary>How tightly it binds, from 1 for <c>or</c> to 6 for <c>^</c>.</summary>
    public static int Precedence(this BinaryOperator op) => op switch
    {
        BinaryOperator.Or => 1,
        BinaryOperator.And or BinaryOperator.Unless => 2,
        <= BinaryOperator.LessOrEqual => 3,
        BinaryOperator.Add or BinaryOperator.Subtract => 4,
        BinaryOperator.Power => 6,
        _ => OfProducts,
    };

    public static bool TryRead(string text, out BinaryOperator op)
    {
        var index = Array.IndexOf(Texts, text.ToLowerInvariant());
        op = (BinaryOperator)Math.Max(index, 0);
        return index >= 0;
    }
}
