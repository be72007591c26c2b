using System.Globalization;
using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Syntax;

/// <summary>Checks the types of a parsed expression, inner ones first.</summary>
internal sealed class TypeChecker(string query)
{
    public void Check(Expr expr)
    {
        switch (expr)
        {
            case AggregateExpr aggregate:
                Expect(aggregate.Inner, ValueKind.Vector, "aggregation expression");
                if (aggregate.Parameter is not null)
                {
                    Expect(aggregate.Parameter, aggregate.Operator == Aggregator.CountValues ? ValueKind.String : ValueKind.Scalar, "aggregation parameter");
                }

                break;
            case BinaryExpr binary:
                CheckBinary(binary);
                break;
            case Call call:
                CheckCall(call);
                break;
            case ParenExpr paren:
                Check(paren.Inner);
                break;
            case UnaryExpr unary:
                Check(unary.Inner);
                if (unary.Inner.Kind is not (ValueKind.Scalar or ValueKind.Vector))
                {
                    throw Fault(unary.Range, $"unary expression only allowed on expressions of type scalar or instant vector, got \"{Documented(unary.Inner.Kind)}\"");
                }

                break;
            case SubqueryExpr subquery:
                Check(subquery.Inner);
                if (subquery.Inner.Kind != ValueKind.Vector)
                {
                    throw Fault(subquery.Range, $"subquery is only allowed on instant vector, got {subquery.Inner.Kind.ToString().ToLowerInvariant()} instead");
                }

                break;
            case MatrixSelector matrix:
                Check(matrix.Selector);
                break;
            case VectorSelector vector:
                CheckSelector(vector);
                break;
        }
    }

    /// <summary>A type's name in documents and errors.</summary>
    public static string Documented(ValueKind kind) => kind switch
    {
        ValueKind.Vector => "instant vector",
        ValueKind.Matrix => "range vector",
        ValueKind.Scalar => "scalar",
        _ => "string",
    };

    private PromQlException Fault(TextRange range, string message) => Parser.Fault(query, range, message);

    private void Expect(Expr expr, ValueKind wanted, string context)
    {
        Check(expr);
        if (expr.Kind != wanted)
        {
            throw Fault(expr.Range, $"expected type {Documented(wanted)} in {context}, got {Documented(expr.Kind)}");
        }
    }

    private void CheckBinary(BinaryExpr binary)
    {
        Check(binary.Left);
        Check(binary.Right);
        var (left, right, op) = (binary.Left.Kind, binary.Right.Kind, binary.Operator);
        var matching = binary.Matching!;
        if (binary.ReturnBool && !op.IsComparison())
        {
            throw Fault(OperatorRange(binary), "bool modifier can only be used on comparison operators");
        }

        if (op.IsComparison() && !binary.ReturnBool && left == ValueKind.Scalar && right == ValueKind.Scalar)
        {
            throw Fault(OperatorRange(binary), "comparisons between scalars must use BOOL modifier");
        }

        if (matching.On && matching.Labels.Intersect(matching.Include).FirstOrDefault() is { } both)
        {
            throw Fault(OperatorRange(binary), $"label {GoText.Quote(both)} must not occur in ON and GROUP clause at once");
        }

        foreach (var side in new[] { binary.Left, binary.Right })
        {
            if (side.Kind is not (ValueKind.Scalar or ValueKind.Vector))
            {
                throw Fault(side.Range, "binary expression must contain only scalar and instant vector types");
            }
        }

        var scalar = left != ValueKind.Vector || right != ValueKind.Vector;
        if (scalar && matching.Labels.Count > 0)
        {
            throw Fault(binary.Range, "vector matching only allowed between instant vectors");
        }

        if (op.IsSet() && (scalar || matching.Cardinality != MatchCardinality.OneToOne))
        {
            throw Fault(binary.Range, scalar ? $"set operator \"{op.Text()}\" not allowed in binary scalar expression" : $"no grouping allowed for \"{op.Text()}\" operation");
        }

        binary.Matching = scalar ? null : op.IsSet() ? matching with { Cardinality = MatchCardinality.ManyToMany } : matching;
    }

    private TextRange OperatorRange(BinaryExpr binary)
    {
        var start = binary.Left.Range.End;
        while (char.IsWhiteSpace(query[start]))
        {
            start++;
        }

        return new TextRange(start, binary.Right.Range.Start);
    }

    private void CheckCall(Call call)
    {
        var function = call.Function;
        var (declared, given, name) = (function.Arguments.Length, call.Arguments.Count, GoText.Quote(function.Name));
        if (function.Optional == 0 && given != declared)
        {
            throw Fault(call.Range, string.Create(CultureInfo.InvariantCulture, $"expected {declared} argument(s) in call to {name}, got {given}"));
        }

        if (function.Optional != 0 && given < declared - 1)
        {
            throw Fault(call.Range, string.Create(CultureInfo.InvariantCulture, $"expected at least {declared - 1} argument(s) in call to {name}, got {given}"));
        }

        if (function.Optional > 0 && given > declared - 1 + function.Optional)
        {
            throw Fault(call.Range, string.Create(CultureInfo.InvariantCulture, $"expected at most {declared - 1 + function.Optional} argument(s) in call to {name}, got {given}"));
        }

        for (var i = 0; i < given; i++)
        {
            Expect(call.Arguments[i], function.Arguments[Math.Min(i, declared - 1)], $"call to function {name}");
        }
    }

    private void CheckSelector(VectorSelector vector)
    {
        if (vector.Name.Length > 0)
        {
            var other = vector.Matchers.SkipLast(1).FirstOrDefault(matcher => matcher.Name == Labels.MetricName);
            if (other is not null)
            {
                throw Fault(vector.Range, $"metric name must not be set twice: {GoText.Quote(vector.Name)} or {GoText.Quote(other.Value)}");
            }
        }
        else if (vector.Matchers.All(matcher => matcher.Matches("")))
        {
            throw Fault(vector.Range, "vector selector must contain at least one non-empty matcher");
        }
    }
}
