using Loggregator.PromQl;
using Loggregator.PromQl.Syntax;
using Loggregator.TestKit.PromQl;
using Xunit;

namespace Loggregator.Tests.PromQl;

public sealed class ParserTests
{
    private static readonly ParserOptions Experimental = new() { ExperimentalFunctions = true };

    [Theory]
    [InlineData("1", "1")]
    [InlineData("1e3 ", "1000")]
    [InlineData("1e-7", "0.0000001")]
    [InlineData("1e21", "1000000000000000000000")]
    [InlineData("-1_2.5", "-12.5")]
    [InlineData("0x_fF", "255")]
    [InlineData("1h1ms", "3600.001")]
    [InlineData("+5", "5")]
    [InlineData("- - 5", "5")]
    [InlineData("iNf", "+Inf")]
    [InlineData("Inf ^ Inf", "Inf ^ +Inf")]
    [InlineData("'it\\'s'", "\"it's\"")]
    [InlineData("\"\\xff\\u2028é\"", "\"\\xff\\u2028é\"")]
    [InlineData("`\\n`", "\"\\\\n\"")]
    [InlineData("a+b*c^d", "a + b * c ^ d")]
    [InlineData("(a)or(b)", "(a) or (b)")]
    [InlineData("-a^2", "-a ^ 2")]
    [InlineData("a AND b", "a and b")]
    [InlineData("a ==bool on(x,y,) b", "a == bool on (x, y) b")]
    [InlineData("a/ignoring()group_left(x)b", "a / ignoring () group_left (x) b")]
    [InlineData("a * on() group_right b", "a * on () group_right () b")]
    [InlineData("{b!=\"1\", a=~'x.*',}", "{a=~\"x.*\",b!=\"1\"}")]
    [InlineData("{'x.y'=\"1\"}", "{\"x.y\"=\"1\"}")]
    [InlineData("{\"up\", job=\"x\"}", "{__name__=\"up\",job=\"x\"}")]
    [InlineData("up{}", "up")]
    [InlineData("a:b{c=''}", "a:b{c=\"\"}")]
    [InlineData("sum", "sum")]
    [InlineData("sum + by", "sum + by")]
    [InlineData("start offset 1d", "start offset 1d")]
    [InlineData("x @ 1.5 offset -90m", "x @ 1.500 offset -1h30m")]
    [InlineData("x offset 1w @ end()", "x @ end() offset 1w")]
    [InlineData("x @ -0.001", "x @ -0.001")]
    [InlineData("x[ 5m ]@start()", "x[5m] @ start()")]
    [InlineData("x[300]", "x[5m]")]
    [InlineData("(rate(x[1h]))[2h:1m] offset 8d", "(rate(x[1h]))[2h:1m] offset 8d")]
    [InlineData("SUM(x)by(a,b)", "sum by (a, b) (x)")]
    [InlineData("sum without()(x)", "sum without () (x)")]
    [InlineData("count_values('v', x)", "count_values(\"v\", x)")]
    [InlineData("quantile by (\"x y\") (0.5, x)", "quantile by (\"x y\") (0.5, x)")]
    [InlineData("round(x,\n# half\n0.5)", "round(x, 0.5)")]
    public void Expression_IsReadAndPrinted(string query, string printed)
    {
        var once = Parser.Parse(query).ToString();
        Assert.Equal(printed, once);
        Assert.Equal(printed, Parser.Parse(once).ToString());
    }

    [Theory]
    [InlineData("", "unknown position: parse error: no expression found in input")]
    [InlineData("# nothing", "1:1: parse error: no expression found in input")]
    [InlineData("*1", "1:1: parse error: unexpected <op:*>")]
    [InlineData("1 +", "1:4: parse error: unexpected end of input")]
    [InlineData("1 /", "1:4: parse error: unexpected end of input")]
    [InlineData("1 !< 1", "1:3: parse error: unexpected character after '!': '<'")]
    [InlineData("1 =~ 1", "1:3: parse error: unexpected character after '=': '~'")]
    [InlineData("1 and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression")]
    [InlineData("1 or 1", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression")]
    [InlineData("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier")]
    [InlineData("1 + bool 1", "1:3: parse error: bool modifier can only be used on comparison operators")]
    [InlineData("-\"s\"", "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"string\"")]
    [InlineData("-x[5m]", "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range vector\"")]
    [InlineData("a\n+ ~", "2:3: parse error: unexpected character: '~'")]
    [InlineData("é + ]", "1:1: parse error: unexpected character: 'é'")]
    [InlineData("\"é\" + ]", "1:8: parse error: unexpected right bracket ']'")]
    [InlineData("(1", "1:3: parse error: unclosed left parenthesis")]
    [InlineData("1)", "1:2: parse error: unexpected right parenthesis ')'")]
    [InlineData("()", "1:2: parse error: unexpected \")\"")]
    [InlineData("a b", "1:3: parse error: unexpected identifier \"b\"")]
    [InlineData("a 1", "1:3: parse error: unexpected number \"1\"")]
    [InlineData("1 offset 1d", "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery")]
    [InlineData("a offset 1s offset 2s", "1:1: parse error: offset may not be set multiple times")]
    [InlineData("a offset foo", "1:10: parse error: unexpected identifier \"foo\" in offset, expected number or duration")]
    [InlineData("a offset 0s", "1:10: parse error: duration must be greater than 0")]
    [InlineData("a @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times")]
    [InlineData("a @ b", "1:5: parse error: unexpected identifier \"b\" in @, expected timestamp")]
    [InlineData("a @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf")]
    [InlineData("1 @ 1", "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery")]
    [InlineData("a or on(b) group_left c", "1:1: parse error: no grouping allowed for \"or\" operation")]
    [InlineData("a + on(b) group_left(b) c", "1:3: parse error: label \"b\" must not occur in ON and GROUP clause at once")]
    [InlineData("a + on(b) 1", "1:1: parse error: vector matching only allowed between instant vectors")]
    [InlineData("a + group_left(b) c", "1:5: parse error: unexpected <group_left>")]
    [InlineData("a + on(5) b", "1:8: parse error: unexpected number \"5\" in grouping opts, expected label")]
    [InlineData("a + on b", "1:8: parse error: unexpected identifier \"b\" in grouping opts, expected \"(\"")]
    [InlineData("sum by(a b) (c)", "1:10: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\"")]
    [InlineData("{", "1:2: parse error: unexpected end of input inside braces")]
    [InlineData("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher")]
    [InlineData("{x=\"\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher")]
    [InlineData("{x!=\"y\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher")]
    [InlineData("a{b}", "1:4: parse error: unexpected \"}\" in label matching, expected label matching operator")]
    [InlineData("a{b=c}", "1:5: parse error: unexpected identifier \"c\" in label matching, expected string")]
    [InlineData("a{,}", "1:3: parse error: unexpected \",\" in label matching, expected identifier or \"}\"")]
    [InlineData("a{b=\"c\" d=\"e\"}", "1:9: parse error: unexpected identifier \"d\" in label matching, expected \",\" or \"}\"")]
    [InlineData("a{b>\"c\"}", "1:4: parse error: unexpected character inside braces: '>'")]
    [InlineData("a{1=\"c\"}", "1:3: parse error: unexpected character inside braces: '1'")]
    [InlineData("a{__name__=\"b\"}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"")]
    [InlineData("a{b=~\"[\"}", "1:3: parse error: error parsing regexp: missing closing ]: `[`")]
    [InlineData("a[]", "1:3: parse error: bad number or duration syntax: \"\"")]
    [InlineData("a[5mm]", "1:3: parse error: bad number or duration syntax: \"5mm\"")]
    [InlineData("a[1ys]", "1:3: parse error: not a valid duration string: \"1ys\"")]
    [InlineData("a[300000y]", "1:3: parse error: duration out of range")]
    [InlineData("a[5m", "1:5: parse error: unclosed left bracket")]
    [InlineData("a[5m:1m:]", "1:8: parse error: unexpected colon ':'")]
    [InlineData("a[5m] offset 1m [3m]", "1:17: parse error: ranges only allowed for vector selectors")]
    [InlineData("a offset 1m[5m]", "1:12: parse error: no offset modifiers allowed before range")]
    [InlineData("a @ 1[5m]", "1:6: parse error: no @ modifiers allowed before range")]
    [InlineData("sum(a)[5m]", "1:7: parse error: ranges only allowed for vector selectors")]
    [InlineData("1[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead")]
    [InlineData("sum()", "1:1: parse error: no arguments for aggregate expression provided")]
    [InlineData("sum(1 + )", "1:9: parse error: unexpected \")\" in aggregation")]
    [InlineData("sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar")]
    [InlineData("topk(a)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1")]
    [InlineData("topk(a, a)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector")]
    [InlineData("count_values(5, a)", "1:14: parse error: expected type string in aggregation parameter, got scalar")]
    [InlineData("limitk(1, a)", "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions")]
    [InlineData("mad_over_time(a[1m])", "1:1: parse error: function \"mad_over_time\" is not enabled")]
    [InlineData("nope(a)", "1:1: parse error: unknown function with name \"nope\"")]
    [InlineData("floor()", "1:1: parse error: expected 1 argument(s) in call to \"floor\", got 0")]
    [InlineData("round(a, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3")]
    [InlineData("label_join(a, \"b\")", "1:1: parse error: expected at least 3 argument(s) in call to \"label_join\", got 2")]
    [InlineData("rate(a)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector")]
    [InlineData("abs(a,)", "1:6: parse error: trailing commas not allowed in function call args")]
    [InlineData("\"a", "1:1: parse error: unterminated quoted string")]
    [InlineData("`a", "1:1: parse error: unterminated raw string")]
    [InlineData("\"\ud83d\"", "1:1: parse error: invalid UTF-8 rune")]
    [InlineData("\"\\c\"", "1:1: parse error: unknown escape sequence U+0063 'c'")]
    [InlineData("\"\\xg0\"", "1:1: parse error: illegal character U+0067 'g' in escape sequence")]
    [InlineData("1__0", "1:1: parse error: bad number or duration syntax: \"1__\"")]
    [InlineData("1.5.5", "1:1: parse error: bad number or duration syntax: \"1.5.\"")]
    [InlineData("0x1.5", "1:1: parse error: bad number or duration syntax: \"0x1.\"")]
    [InlineData("1a", "1:1: parse error: bad number or duration syntax: \"1\"")]
    public void Fault_IsToldWithItsPlace(string query, string message)
    {
        var e = Assert.Throws<PromQlException>(() => Parser.Parse(query));
        Assert.Equal(message, e.Message);
        Assert.Equal(PromQlFault.Parse, e.Fault);
    }

    [Fact]
    public void PrintedExpressions_ReadBackAsTheyWere()
    {
        var generator = new QueryGenerator(seed: 1);
        for (var i = 0; i < 5_000; i++)
        {
            var expr = Parser.Parse(generator.Query(), Experimental);
            var again = Parser.Parse(expr.ToString(), Experimental);
            Assert.Equal(expr.ToString(), again.ToString());
            Assert.True(Same(expr, again), expr.ToString());
        }
    }

    [Theory]
    [InlineData("up", 1)]
    [InlineData("{job=~\"a|b\",x=\"\"}", 2)]
    public void Selector_IsReadAlone(string text, int matchers) => Assert.Equal(matchers, Parser.ParseSelector(text).Count);

    [Theory]
    [InlineData("up + 1", "1:4: parse error: unexpected <op:+>")]
    [InlineData("up[5m]", "1:3: parse error: unexpected \"[\"")]
    [InlineData("1", "1:1: parse error: unexpected number \"1\"")]
    public void Selector_RefusesMore(string text, string message) => Assert.Equal(message, Assert.Throws<PromQlException>(() => Parser.ParseSelector(text)).Message);

    private static bool Same(Expr left, Expr right) =>
        left.GetType() == right.GetType() && left.Kind == right.Kind && left.Children.Count() == right.Children.Count()
        && (left is not NumberLiteral number || number.Value.Equals(((NumberLiteral)right).Value))
        && (left is not TimedExpr timed || (timed.Offset, timed.Timestamp, timed.Anchor) == (((TimedExpr)right).Offset, ((TimedExpr)right).Timestamp, ((TimedExpr)right).Anchor))
        && left.Children.Zip(right.Children).All(pair => Same(pair.First, pair.Second));
}
