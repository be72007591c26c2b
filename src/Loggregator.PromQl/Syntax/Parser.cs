using System.Globalization;
using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Syntax;

/// <summary>Reads PromQL. The first fault ends it, with the place and the words that Prometheus has for it.</summary>
public sealed partial class Parser
{
    private readonly string _query;
    private readonly ParserOptions _options;
    private readonly Lexer _lexer;
    private Token? _next;
    private int _lastClosing;
    private int _nesting;
    private int _inAggregations;

    private Parser(string query, ParserOptions options) => (_query, _options, _lexer) = (query, options, new Lexer(query));

    /// <summary>Reads and checks an expression; a fault is a <see cref="PromQlException"/> of the kind <see cref="PromQlFault.Parse"/>.</summary>
    public static Expr Parse(string query, ParserOptions? options = null)
    {
        var parser = new Parser(query, options ?? new ParserOptions());
        parser.CheckLength();
        if (parser.Peek().Kind == TokenKind.End)
        {
            throw parser.Fault(default, "no expression found in input");
        }

        var expr = parser.ParseBinary(0);
        parser.ExpectEnd();
        new TypeChecker(query).Check(expr);
        return expr;
    }

    /// <summary>Reads a selector alone, such as <c>up{job="x"}</c>: the matchers of an API call.</summary>
    public static IReadOnlyList<LabelMatcher> ParseSelector(string query)
    {
        var parser = new Parser(query, new ParserOptions());
        parser.CheckLength();
        var token = parser.Peek();
        if (!IsMetricName(token) && token.Kind != TokenKind.LeftBrace)
        {
            throw parser.Unexpected("");
        }

        var selector = parser.ParseVectorSelector();
        parser.ExpectEnd();
        new TypeChecker(query).Check(selector);
        return selector.Matchers;
    }

    /// <summary>Reads a series' name and labels, such as <c>up{job="x"}</c> or <c>{}</c>.</summary>
    internal static Labels ParseLabels(string text)
    {
        var parser = new Parser(text, new ParserOptions());
        var selector = parser.ParseVectorSelector();
        parser.ExpectEnd();
        return selector.Matchers.FirstOrDefault(matcher => matcher.Operator != MatchOperator.Equal) is { } bad
            ? throw parser.Fault(default, $"unexpected {bad} in label set, expected \"=\"")
            : Labels.Of(selector.Matchers.Select(matcher => KeyValuePair.Create(matcher.Name, matcher.Value)));
    }

    internal static PromQlException Fault(string query, TextRange range, string message) =>
        new(PromQlFault.Parse, $"{range.Locate(query)}: parse error: {message}");

    private PromQlException Fault(TextRange range, string message) => Fault(_query, range, message);

    private void CheckLength()
    {
        if (_query.Length > _options.MaxLength)
        {
            throw Fault(default, string.Create(CultureInfo.InvariantCulture, $"query is too long: {_query.Length} characters, of at most {_options.MaxLength}"));
        }
    }

    private void ExpectEnd()
    {
        if (Peek().Kind != TokenKind.End)
        {
            throw Unexpected("");
        }
    }

    private Token Peek() => _next ??= _lexer.Next();

    private Token Take()
    {
        var token = Peek();
        _next = null;
        if (token.Kind is TokenKind.RightBrace or TokenKind.RightParen or TokenKind.RightBracket or TokenKind.Duration or TokenKind.Number)
        {
            _lastClosing = token.Range.End;
        }

        return token;
    }

    private Token Expect(TokenKind kind, string context = "", string expected = "") => Peek().Kind == kind ? Take() : throw Unexpected(context, expected);

    private bool TryTake(TokenKind kind)
    {
        var there = Peek().Kind == kind;
        if (there)
        {
            Take();
        }

        return there;
    }

    private PromQlException Unexpected(string context, string expected = "")
    {
        context = context.Length == 0 && _inAggregations > 0 ? "aggregation" : context;
        return Fault(Peek().Range, $"unexpected {Peek().Describe()}{(context.Length > 0 ? " in " + context : "")}{(expected.Length > 0 ? ", expected " + expected : "")}");
    }

    private T Checked<T>(T expr, TextRange range)
        where T : Expr
    {
        expr.Range = range;
        return expr.Depth > _options.MaxDepth ? throw TooDeep(range) : expr;
    }

    private PromQlException TooDeep(TextRange range) =>
        Fault(range, string.Create(CultureInfo.InvariantCulture, $"expression is too deep, of at most {_options.MaxDepth} levels"));

    private Expr ParseBinary(int minPrecedence)
    {
        if (++_nesting > _options.MaxDepth)
        {
            throw TooDeep(Peek().Range);
        }

        var left = ParseUnary();
        while (Peek().Kind == TokenKind.Operator && Operators.TryRead(Peek().Text, out var op) && op.Precedence() >= minPrecedence)
        {
            Take();
            var (returnBool, matching) = ParseModifiers();
            var right = ParseBinary(op == BinaryOperator.Power ? op.Precedence() : op.Precedence() + 1);
            left = Checked(new BinaryExpr(op, left, right, returnBool, matching), TextRange.From(left.Range, right.Range));
        }

        _nesting--;
        return left;
    }

    private Expr ParseUnary()
    {
        var token = Peek();
        if (token.Kind != TokenKind.Operator || token.Text is not ("+" or "-"))
        {
            return ParsePostfix(ParsePrimary());
        }

        Take();
        var inner = ParseBinary(Operators.OfProducts + 1);
        var range = new TextRange(token.Start, inner.Range.End);
        return inner is NumberLiteral number
            ? Checked(new NumberLiteral(token.Text == "-" ? -number.Value : number.Value), range)
            : Checked(new UnaryExpr(token.Text == "-", inner), range);
    }

    private Expr ParsePrimary()
    {
        var token = Peek();
        switch (token.Kind)
        {
            case TokenKind.Number or TokenKind.Duration:
                return Checked(new NumberLiteral(ParseNumberOrDuration()), token.Range);
            case TokenKind.String:
                Take();
                return Checked(new StringLiteral(Unquote(token)), token.Range);
            case TokenKind.LeftParen:
                Take();
                var inner = ParseBinary(0);
                var end = Expect(TokenKind.RightParen).Range;
                return Checked(new ParenExpr(inner), TextRange.From(token.Range, end));
            case TokenKind.LeftBrace:
                return ParseVectorSelector();
            case TokenKind.Identifier or TokenKind.Aggregator:
                return ParseNamed();
            default:
                return IsMetricName(token) ? ParseVectorSelector() : throw Unexpected("");
        }
    }

    /// <summary>What begins with an identifier or an aggregator's name is a call, an aggregation or a metric of that name.</summary>
    private Expr ParseNamed()
    {
        var token = Take();
        var next = Peek();
        if (token.Kind == TokenKind.Identifier)
        {
            return next.Kind == TokenKind.LeftParen ? ParseCall(token) : ParseVectorSelector(token);
        }

        if (next.Kind == TokenKind.LeftParen || next.Is(TokenKind.Keyword, "by") || next.Is(TokenKind.Keyword, "without"))
        {
            return ParseAggregation(token);
        }

        return CanFollowOperand(next) ? ParseVectorSelector(token) : throw Unexpected("aggregation");
    }

    private static bool CanFollowOperand(Token token) => token.Kind is TokenKind.End or TokenKind.LeftBrace or TokenKind.LeftBracket or TokenKind.RightParen or TokenKind.Comma or TokenKind.Operator
        || token.Is(TokenKind.Keyword, "offset");

    private Call ParseCall(Token name)
    {
        var arguments = ParseArguments();
        var range = new TextRange(name.Start, _lastClosing);
        var function = FunctionSignature.Find(name.Text) ?? throw Fault(name.Range, $"unknown function with name {GoText.Quote(name.Text)}");
        return function.Experimental && !_options.ExperimentalFunctions
            ? throw Fault(name.Range, $"function {GoText.Quote(name.Text)} is not enabled")
            : Checked(new Call(function, arguments), range);
    }

    private List<Expr> ParseArguments()
    {
        var arguments = new List<Expr>();
        Expect(TokenKind.LeftParen);
        if (TryTake(TokenKind.RightParen))
        {
            return arguments;
        }

        arguments.Add(ParseBinary(0));
        while (Peek() is { Kind: TokenKind.Comma } comma)
        {
            Take();
            if (Peek().Kind is TokenKind.RightParen or TokenKind.Comma)
            {
                throw Fault(comma.Range, "trailing commas not allowed in function call args");
            }

            arguments.Add(ParseBinary(0));
        }

        Expect(TokenKind.RightParen);
        return arguments;
    }

    private AggregateExpr ParseAggregation(Token name)
    {
        _inAggregations++;
        var modifier = ParseGroupingModifier();
        var arguments = ParseArguments();
        _inAggregations--;
        modifier ??= ParseGroupingModifier();
        var range = new TextRange(name.Start, _lastClosing);
        var op = AggregateExpr.Read(name.Word);
        if (arguments.Count == 0)
        {
            throw Fault(range, "no arguments for aggregate expression provided");
        }

        if (op is Aggregator.LimitK or Aggregator.LimitRatio && !_options.ExperimentalFunctions)
        {
            throw Fault(range, $"{name.Word}() is experimental and must be enabled with --enable-feature=promql-experimental-functions");
        }

        var wanted = op >= Aggregator.TopK ? 2 : 1;
        if (arguments.Count != wanted)
        {
            throw Fault(range, string.Create(CultureInfo.InvariantCulture, $"wrong number of arguments for aggregate expression provided, expected {wanted}, got {arguments.Count}"));
        }

        return Checked(new AggregateExpr(op, arguments[^1], wanted == 2 ? arguments[0] : null, modifier?.Labels ?? [], modifier?.Without ?? false), range);
    }

    private (bool Without, IReadOnlyList<string> Labels)? ParseGroupingModifier()
    {
        var without = Peek().Is(TokenKind.Keyword, "without");
        if (!without && !Peek().Is(TokenKind.Keyword, "by"))
        {
            return null;
        }

        Take();
        return (without, ParseGroupingLabels());
    }
}
