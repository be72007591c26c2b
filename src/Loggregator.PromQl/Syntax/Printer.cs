using System.Globalization;
using System.Text;
using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Syntax;

/// <summary>Writes an expression on one line, as Prometheus does.</summary>
internal static class Printer
{
    public static string Print(Expr expr)
    {
        var text = new StringBuilder();
        Write(text, expr);
        return text.ToString();
    }

    private static void Write(StringBuilder text, Expr expr)
    {
        switch (expr)
        {
            case NumberLiteral number:
                text.Append(GoText.Number(number.Value));
                break;
            case StringLiteral literal:
                text.Append(GoText.Quote(literal.Value));
                break;
            case ParenExpr paren:
                text.Append('(');
                Write(text, paren.Inner);
                text.Append(')');
                break;
            case UnaryExpr unary:
                text.Append(unary.Negative ? '-' : '+');
                Write(text, unary.Inner);
                break;
            case BinaryExpr binary:
                if (binary is { Operator: BinaryOperator.Power, Left: NumberLiteral { Value: double.PositiveInfinity } })
                {
                    text.Append("Inf"); // a sign in front would be read as that of the whole power
                }
                else
                {
                    Write(text, binary.Left);
                }

                text.Append(CultureInfo.InvariantCulture, $" {binary.Operator.Text()}{(binary.ReturnBool ? " bool" : "")}{Matching(binary.Matching)} ");
                Write(text, binary.Right);
                break;
            case Call call:
                text.Append(call.Function.Name).Append('(');
                WriteList(text, call.Arguments);
                text.Append(')');
                break;
            case AggregateExpr aggregate:
                text.Append(AggregateExpr.NameOf(aggregate.Operator));
                if (aggregate.Without || aggregate.Grouping.Count > 0)
                {
                    text.Append(CultureInfo.InvariantCulture, $" {(aggregate.Without ? "without" : "by")} ({Names(aggregate.Grouping)}) ");
                }

                text.Append('(');
                WriteList(text, aggregate.Children);
                text.Append(')');
                break;
            case VectorSelector vector:
                WriteSelector(text, vector);
                WriteTimes(text, vector);
                break;
            case MatrixSelector matrix:
                WriteSelector(text, matrix.Selector);
                text.Append('[').Append(PromDuration.Format(matrix.Window)).Append(']');
                WriteTimes(text, matrix);
                break;
            case SubqueryExpr subquery:
                Write(text, subquery.Inner);
                text.Append(CultureInfo.InvariantCulture, $"[{PromDuration.Format(subquery.Window)}:{(subquery.Step == 0 ? "" : PromDuration.Format(subquery.Step))}]");
                WriteTimes(text, subquery);
                break;
        }
    }

    private static void WriteList(StringBuilder text, IEnumerable<Expr> list)
    {
        var separator = "";
        foreach (var item in list)
        {
            text.Append(separator);
            Write(text, item);
            separator = ", ";
        }
    }

    private static void WriteSelector(StringBuilder text, VectorSelector vector)
    {
        var matchers = vector.Matchers
            .Where(matcher => vector.Name.Length == 0 || matcher is not { Name: Labels.MetricName, Operator: MatchOperator.Equal } || matcher.Value != vector.Name)
            .Select(matcher => matcher.ToString()).Order(StringComparer.Ordinal).ToList();
        text.Append(vector.Name);
        if (matchers.Count > 0 || vector.Name.Length == 0)
        {
            text.Append('{').AppendJoin(',', matchers).Append('}');
        }
    }

    private static void WriteTimes(StringBuilder text, TimedExpr timed)
    {
        if (timed.Timestamp is { } time)
        {
            text.Append(CultureInfo.InvariantCulture, $" @ {(time < 0 ? "-" : "")}{Math.Abs((decimal)time) / 1000:0.000}");
        }
        else if (timed.Anchor != TimeAnchor.None)
        {
            text.Append(timed.Anchor == TimeAnchor.Start ? " @ start()" : " @ end()");
        }

        if (timed.Offset != 0)
        {
            text.Append(timed.Offset < 0 ? " offset -" : " offset ").Append(PromDuration.Format(Math.Abs(timed.Offset)));
        }
    }

    private static string Matching(VectorMatching? matching)
    {
        if (matching is null)
        {
            return "";
        }

        var grouped = matching.Cardinality is MatchCardinality.ManyToOne or MatchCardinality.OneToMany;
        var text = matching.Labels.Count > 0 || matching.On || grouped ? $" {(matching.On ? "on" : "ignoring")} ({Names(matching.Labels)})" : "";
        return grouped ? $"{text} group_{(matching.Cardinality == MatchCardinality.ManyToOne ? "left" : "right")} ({Names(matching.Include)})" : text;
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(GoText.LabelName));
}
