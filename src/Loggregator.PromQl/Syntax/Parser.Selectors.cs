using Loggregator.PromQl.Matching;
using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Syntax;

/// <summary>Selectors, what follows them, and the modifiers of operators.</summary>
public sealed partial class Parser
{
    private static bool IsMetricName(Token token) =>
        token.Kind is TokenKind.Identifier or TokenKind.MetricIdentifier or TokenKind.Aggregator or TokenKind.Preprocessor
        || (token.Kind == TokenKind.Keyword && token.Word is "by" or "without" or "offset")
        || (token.Kind == TokenKind.Operator && token.Word is "and" or "or" or "unless");

    private static bool IsLabelName(Token token) =>
        IsMetricName(token) || token.Kind == TokenKind.Keyword || token.Is(TokenKind.Operator, "atan2");

    private VectorSelector ParseVectorSelector(Token? named = null)
    {
        var name = named ?? (Peek().Kind == TokenKind.LeftBrace ? null : Take());
        var matchers = new List<LabelMatcher>();
        var range = name?.Range;
        if (Peek() is { Kind: TokenKind.LeftBrace } brace)
        {
            Take();
            var end = ParseMatchers(matchers);
            range = TextRange.From(range ?? brace.Range, end);
        }

        return Checked(new VectorSelector(name?.Text ?? "", matchers), range!.Value);
    }

    private TextRange ParseMatchers(List<LabelMatcher> matchers)
    {
        while (true)
        {
            var token = Peek();
            switch (token.Kind)
            {
                case TokenKind.RightBrace:
                    return Take().Range;
                case TokenKind.Identifier or TokenKind.String:
                    Take();
                    matchers.Add(ParseMatcher(token));
                    break;
                default:
                    throw Unexpected("label matching", "identifier or \"}\"");
            }

            if (!TryTake(TokenKind.Comma))
            {
                return Expect(TokenKind.RightBrace, "label matching", "\",\" or \"}\"").Range;
            }

            if (matchers.Count == 0 && Peek().Kind == TokenKind.RightBrace)
            {
                throw Unexpected("label matching", "identifier or \"}\"");
            }
        }
    }

    private LabelMatcher ParseMatcher(Token label)
    {
        var op = Peek();
        var quoted = label.Kind == TokenKind.String;
        var name = quoted ? Unquote(label) : label.Text;
        if (quoted && op.Kind is TokenKind.Comma or TokenKind.RightBrace)
        {
            return new LabelMatcher(Labels.MetricName, MatchOperator.Equal, name);
        }

        if (op.Kind is not (TokenKind.Assign or TokenKind.Operator))
        {
            throw quoted ? Unexpected("label matching", "\",\" or \"}\"") : Unexpected("label matching", "label matching operator");
        }

        Take();
        var value = Expect(TokenKind.String, "label matching", "string");
        var match = op.Text switch { "=" => MatchOperator.Equal, "!=" => MatchOperator.NotEqual, "=~" => MatchOperator.Regexp, _ => MatchOperator.NotRegexp };
        try
        {
            return new LabelMatcher(name, match, Unquote(value));
        }
        catch (PatternException e)
        {
            throw Fault(TextRange.From(label.Range, value.Range), e.Message);
        }
    }

    private Expr ParsePostfix(Expr expr)
    {
        while (true)
        {
            var token = Peek();
            if (token.Kind == TokenKind.LeftBracket)
            {
                expr = ParseRange(expr, Take());
            }
            else if (token.Is(TokenKind.Keyword, "offset"))
            {
                Take();
                ParseOffset(expr);
            }
            else if (token is { Kind: TokenKind.Operator, Text: "@" })
            {
                Take();
                ParseAt(expr);
            }
            else
            {
                return expr;
            }
        }
    }

    private TimedExpr ParseRange(Expr expr, Token open)
    {
        if (Peek().Kind is not (TokenKind.Number or TokenKind.Duration))
        {
            throw Unexpected("subquery or range selector", "number or duration");
        }

        var window = ParseMilliseconds();
        if (TryTake(TokenKind.Colon))
        {
            long step = 0;
            if (Peek().Kind != TokenKind.RightBracket)
            {
                step = Peek().Kind is TokenKind.Number or TokenKind.Duration ? ParseMilliseconds() : throw Unexpected("subquery selector", "number or duration or \"]\"");
            }

            var end = Expect(TokenKind.RightBracket, "subquery selector", "\"]\"").Range;
            return Checked(new SubqueryExpr(expr, window, step), TextRange.From(expr.Range, end));
        }

        var close = Expect(TokenKind.RightBracket, "subquery or range", "\":\" or \"]\"").Range;
        var brackets = TextRange.From(open.Range, close);
        if (expr is not VectorSelector selector)
        {
            throw Fault(brackets, "ranges only allowed for vector selectors");
        }

        if (selector.Offset != 0 || selector.IsFixed)
        {
            throw Fault(brackets, selector.Offset != 0 ? "no offset modifiers allowed before range" : "no @ modifiers allowed before range");
        }

        return Checked(new MatrixSelector(selector, window), TextRange.From(expr.Range, close));
    }

    private void ParseOffset(Expr expr)
    {
        var negative = Peek() is { Kind: TokenKind.Operator, Text: "-" };
        if (negative)
        {
            Take();
        }

        if (Peek().Kind is not (TokenKind.Number or TokenKind.Duration))
        {
            throw Unexpected("offset", "number or duration");
        }

        var offset = ParseMilliseconds();
        if (expr is not TimedExpr timed)
        {
            throw Fault(expr.Range, "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
        }

        if (timed.Offset != 0)
        {
            throw Fault(expr.Range, "offset may not be set multiple times");
        }

        timed.Offset = negative ? -offset : offset;
        timed.Range = timed.Range with { End = _lastClosing };
    }

    private void ParseAt(Expr expr)
    {
        var token = Peek();
        var anchor = TimeAnchor.None;
        double seconds = 0;
        if (token.Kind == TokenKind.Preprocessor)
        {
            Take();
            anchor = token.Word == "start" ? TimeAnchor.Start : TimeAnchor.End;
            Expect(TokenKind.LeftParen, "@", "timestamp");
            Expect(TokenKind.RightParen, "@", "timestamp");
        }
        else
        {
            var sign = token is { Kind: TokenKind.Operator, Text: "+" or "-" } ? Take().Text : "";
            seconds = Peek().Kind is TokenKind.Number or TokenKind.Duration ? ParseNumberOrDuration() : throw Unexpected("@", "timestamp");
            seconds = sign == "-" ? -seconds : seconds;
            if (!double.IsFinite(seconds) || Math.Abs(seconds) >= long.MaxValue)
            {
                throw Fault(expr.Range, $"timestamp out of bounds for @ modifier: {(double.IsFinite(seconds) ? seconds.ToString("F6", System.Globalization.CultureInfo.InvariantCulture) : GoText.Number(seconds))}");
            }
        }

        if (expr is not TimedExpr timed)
        {
            throw Fault(expr.Range, "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
        }

        if (timed.IsFixed)
        {
            throw Fault(expr.Range, "@ <timestamp> may not be set multiple times");
        }

        timed.Anchor = anchor;
        timed.Timestamp = anchor == TimeAnchor.None ? (long)Math.Round(seconds * 1000, MidpointRounding.AwayFromZero) : null;
        timed.Range = timed.Range with { End = _lastClosing };
    }

    private double ParseNumberOrDuration()
    {
        var token = Take();
        if (token.Kind == TokenKind.Number)
        {
            return GoText.TryNumber(token.Text, out var number)
                ? number
                : throw Fault(token.Range, $"error parsing number: strconv.ParseFloat: parsing {GoText.Quote(token.Text)}: invalid syntax");
        }

        return ReadDuration(token) / 1000.0;
    }

    private long ParseMilliseconds()
    {
        var token = Peek();
        if (token.Kind == TokenKind.Duration)
        {
            return ReadDuration(Take());
        }

        var milliseconds = Math.Round(ParseNumberOrDuration() * 1000);
        return milliseconds >= 0 && milliseconds < long.MaxValue / 1_000_000 ? (long)milliseconds : throw Fault(token.Range, "duration out of range");
    }

    private long ReadDuration(Token token)
    {
        return !PromDuration.TryParse(token.Text, out var milliseconds, out var error) ? throw Fault(token.Range, error)
            : milliseconds == 0 ? throw Fault(token.Range, "duration must be greater than 0")
            : milliseconds;
    }

    private (bool ReturnBool, VectorMatching Matching) ParseModifiers()
    {
        var returnBool = Peek().Is(TokenKind.Keyword, "bool");
        if (returnBool)
        {
            Take();
        }

        var on = Peek().Is(TokenKind.Keyword, "on");
        if (!on && !Peek().Is(TokenKind.Keyword, "ignoring"))
        {
            return (returnBool, new VectorMatching(MatchCardinality.OneToOne, false, [], []));
        }

        Take();
        var labels = ParseGroupingLabels();
        var left = Peek().Is(TokenKind.Keyword, "group_left");
        if (!left && !Peek().Is(TokenKind.Keyword, "group_right"))
        {
            return (returnBool, new VectorMatching(MatchCardinality.OneToOne, on, labels, []));
        }

        Take();
        var include = Peek().Kind == TokenKind.LeftParen ? ParseGroupingLabels() : [];
        return (returnBool, new VectorMatching(left ? MatchCardinality.ManyToOne : MatchCardinality.OneToMany, on, labels, include));
    }

    private List<string> ParseGroupingLabels()
    {
        var labels = new List<string>();
        Expect(TokenKind.LeftParen, "grouping opts", "\"(\"");
        while (Peek().Kind != TokenKind.RightParen)
        {
            var token = Peek();
            if (token.Kind == TokenKind.String)
            {
                labels.Add(Unquote(Take()));
            }
            else
            {
                labels.Add(IsLabelName(token) && GoText.IsPlainLabel(token.Text) ? Take().Text : throw Unexpected("grouping opts", "label"));
            }

            if (!TryTake(TokenKind.Comma) && Peek().Kind != TokenKind.RightParen)
            {
                throw Unexpected("grouping opts", "\",\" or \")\"");
            }
        }

        Take();
        return labels;
    }

    private string Unquote(Token token) =>
        GoText.Unquote(token.Text) ?? throw Fault(token.Range, $"error unquoting string {GoText.Quote(token.Text)}: invalid syntax");
}
