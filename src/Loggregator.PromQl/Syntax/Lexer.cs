using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Loggregator.PromQl.Syntax;

/// <summary>Cuts a query into tokens, one at a time: a fault is told only when the parser gets there.</summary>
internal sealed class Lexer(string input)
{
    private static readonly FrozenDictionary<string, TokenKind> Words = new Dictionary<string, TokenKind>(StringComparer.OrdinalIgnoreCase)
    {
        ["and"] = TokenKind.Operator,
        ["or"] = TokenKind.Operator,
        ["unless"] = TokenKind.Operator,
        ["atan2"] = TokenKind.Operator,
        ["sum"] = TokenKind.Aggregator,
        ["avg"] = TokenKind.Aggregator,
        ["count"] = TokenKind.Aggregator,
        ["min"] = TokenKind.Aggregator,
        ["max"] = TokenKind.Aggregator,
        ["group"] = TokenKind.Aggregator,
        ["stddev"] = TokenKind.Aggregator,
        ["stdvar"] = TokenKind.Aggregator,
        ["topk"] = TokenKind.Aggregator,
        ["bottomk"] = TokenKind.Aggregator,
        ["count_values"] = TokenKind.Aggregator,
        ["quantile"] = TokenKind.Aggregator,
        ["limitk"] = TokenKind.Aggregator,
        ["limit_ratio"] = TokenKind.Aggregator,
        ["offset"] = TokenKind.Keyword,
        ["by"] = TokenKind.Keyword,
        ["without"] = TokenKind.Keyword,
        ["on"] = TokenKind.Keyword,
        ["ignoring"] = TokenKind.Keyword,
        ["group_left"] = TokenKind.Keyword,
        ["group_right"] = TokenKind.Keyword,
        ["bool"] = TokenKind.Keyword,
        ["start"] = TokenKind.Preprocessor,
        ["end"] = TokenKind.Preprocessor,
        ["inf"] = TokenKind.Number,
        ["nan"] = TokenKind.Number,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private int _at;
    private int _start;
    private int _parentheses;
    private bool _inBraces;
    private bool _inBrackets;
    private bool _afterBracket;
    private bool _hadColon;

    /// <summary>The next token; the last is <see cref="TokenKind.End"/>.</summary>
    public Token Next()
    {
        SkipSpaceAndComments();
        _start = _at;
        if (_afterBracket)
        {
            _afterBracket = false;
            return NumberOrDuration();
        }

        return _inBraces ? InBraces() : Statement();
    }

    private char Peek(int ahead = 0) => _at + ahead < input.Length ? input[_at + ahead] : '\0';

    private Token Emit(TokenKind kind, int length)
    {
        _at = _start + length;
        return new Token(kind, input.Substring(_start, length), _start);
    }

    private PromQlException Fail(string message) => Parser.Fault(input, new TextRange(_start, input.Length), message);

    private void SkipSpaceAndComments()
    {
        while (_at < input.Length && (input[_at] is ' ' or '\t' or '\n' or '\r' or '#'))
        {
            if (input[_at] == '#')
            {
                var end = input.AsSpan(_at).IndexOfAny('\r', '\n');
                _at = end < 0 ? input.Length : _at + end;
            }
            else
            {
                _at++;
            }
        }
    }

    private Token Statement()
    {
        if (_at >= input.Length)
        {
            return _parentheses != 0 ? throw Fail("unclosed left parenthesis") : _inBrackets ? throw Fail("unclosed left bracket") : Emit(TokenKind.End, 0);
        }

        var c = input[_at];
        switch (c)
        {
            case ',':
                return Emit(TokenKind.Comma, 1);
            case '*' or '/' or '%' or '+' or '-' or '^' or '@':
                return Emit(TokenKind.Operator, 1);
            case '=' when Peek(1) == '=':
                return Emit(TokenKind.Operator, 2);
            case '=' when Peek(1) == '~':
                throw Fail("unexpected character after '=': '~'");
            case '=':
                return Emit(TokenKind.Assign, 1);
            case '!' when Peek(1) == '=':
                return Emit(TokenKind.Operator, 2);
            case '!':
                throw Fail($"unexpected character after '!': {Character(1)}");
            case '<' or '>':
                return Emit(TokenKind.Operator, Peek(1) == '=' ? 2 : 1);
            case '"' or '\'' or '`':
                return String();
            case '(' or ')' or '{' or '[' or ']':
                return Bracket(c);
            case ':' when _inBrackets:
                return _hadColon ? throw Fail("unexpected colon ':'") : Colon();
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
        {
            return NumberOrDuration();
        }

        return IsLetter(c) || c == ':' ? WordOrIdentifier() : throw Fail($"unexpected character: {Character()}");
    }

    private Token Bracket(char c)
    {
        switch (c)
        {
            case '(':
                _parentheses++;
                return Emit(TokenKind.LeftParen, 1);
            case ')':
                return --_parentheses < 0 ? throw Fail("unexpected right parenthesis ')'") : Emit(TokenKind.RightParen, 1);
            case '{':
                _inBraces = true;
                return Emit(TokenKind.LeftBrace, 1);
            case '[' when _inBrackets:
                throw Fail("unexpected left bracket '['");
            case '[':
                (_inBrackets, _afterBracket, _hadColon) = (true, true, false);
                return Emit(TokenKind.LeftBracket, 1);
            default:
                if (!_inBrackets)
                {
                    throw Fail("unexpected right bracket ']'");
                }

                _inBrackets = false;
                return Emit(TokenKind.RightBracket, 1);
        }
    }

    private Token Colon()
    {
        _hadColon = true;
        return Emit(TokenKind.Colon, 1);
    }

    private Token InBraces()
    {
        switch (Peek())
        {
            case '\0' when _at >= input.Length:
                throw Fail("unexpected end of input inside braces");
            case ',':
                return Emit(TokenKind.Comma, 1);
            case '"' or '\'' or '`':
                return String();
            case '=':
                return Peek(1) == '~' ? Emit(TokenKind.Operator, 2) : Emit(TokenKind.Assign, 1);
            case '!':
                return Peek(1) is '~' or '=' ? Emit(TokenKind.Operator, 2) : throw Fail($"unexpected character after '!' inside braces: {Character(1)}");
            case '{':
                throw Fail("unexpected left brace '{'");
            case '}':
                _inBraces = false;
                return Emit(TokenKind.RightBrace, 1);
            case var c when IsLetter(c):
                return Emit(TokenKind.Identifier, LengthOf(static d => IsLetter(d) || char.IsAsciiDigit(d)));
            default:
                throw Fail($"unexpected character inside braces: {Character()}");
        }
    }

    private Token WordOrIdentifier()
    {
        var length = LengthOf(static c => IsLetter(c) || char.IsAsciiDigit(c) || c == ':');
        var word = input.Substring(_start, length);
        var kind = word.Contains(':', StringComparison.Ordinal) ? TokenKind.MetricIdentifier : TokenKind.Identifier;
        return Emit(Words.TryGetValue(word, out var known) ? known : kind, length);
    }

    private Token NumberOrDuration()
    {
        var scan = new NumberScan(input, _start);
        if (scan.TryNumber())
        {
            return Emit(TokenKind.Number, scan.At - _start);
        }

        return scan.TryDuration()
            ? Emit(TokenKind.Duration, scan.At - _start)
            : throw Fail($"bad number or duration syntax: {GoText.Quote(input[_start..Math.Min(scan.At, input.Length)])}");
    }

    private Token String()
    {
        var quote = input[_at];
        for (_at++; _at < input.Length; _at++)
        {
            if (input[_at] == quote)
            {
                return Emit(TokenKind.String, _at + 1 - _start);
            }

            if (char.IsHighSurrogate(input[_at]) && _at + 1 < input.Length && char.IsLowSurrogate(input[_at + 1]))
            {
                _at++;
                continue;
            }

            if (input[_at] == '\ufffd' || char.IsSurrogate(input[_at]))
            {
                throw Fail("invalid UTF-8 rune");
            }

            if (quote != '`' && input[_at] == '\n')
            {
                break;
            }

            if (quote != '`' && input[_at] == '\\')
            {
                Escape(quote);
            }
        }

        throw Fail(quote == '`' ? "unterminated raw string" : "unterminated quoted string");
    }

    private void Escape(char quote)
    {
        var c = Peek(1);
        if (_at + 1 >= input.Length)
        {
            throw Fail("escape sequence not terminated");
        }

        _at++;
        if (c == quote || "abfnrtv\\".Contains(c, StringComparison.Ordinal))
        {
            return;
        }

        var (digits, radix, max) = c switch { 'x' => (2, 16, 255L), 'u' => (4, 16, 0x10ffffL), 'U' => (8, 16, 0x10ffffL), >= '0' and <= '7' => (3, 8, 255L), _ => (0, 0, 0L) };
        if (digits == 0)
        {
            throw Fail($"unknown escape sequence {CodePoint()}");
        }

        _at += radix == 16 ? 1 : 0;
        long value = 0;
        for (; digits > 0; digits--, _at++)
        {
            var digit = char.IsAsciiHexDigit(Peek()) ? Convert.ToInt32(Peek().ToString(), 16) : 16;
            if (digit >= radix)
            {
                throw Fail(_at >= input.Length ? "escape sequence not terminated" : $"illegal character {CodePoint()} in escape sequence");
            }

            value = (value * radix) + digit;
        }

        _at--;
        if (value > max || value is >= 0xd800 and < 0xe000)
        {
            throw Fail("escape sequence is an invalid Unicode code point");
        }
    }

    private int LengthOf(Func<char, bool> belongs)
    {
        var end = _start;
        while (end < input.Length && belongs(input[end]))
        {
            end++;
        }

        return end - _start;
    }

    private static bool IsLetter(char c) => c == '_' || char.IsAsciiLetter(c);

    private Rune RuneAt(int ahead)
    {
        Rune.DecodeFromUtf16(input.AsSpan(Math.Min(_at + ahead, input.Length)), out var rune, out _);
        return rune;
    }

    private string Character(int ahead = 0)
    {
        if (_at + ahead >= input.Length)
        {
            return "'\\uffff'"; // how the end of input prints there
        }

        var quoted = GoText.Quote(RuneAt(ahead).ToString());
        return "'" + (quoted switch { "\"'\"" => "\\'", "\"\\\"\"" => "\"", _ => quoted[1..^1] }) + "'";
    }

    private string CodePoint() => string.Create(CultureInfo.InvariantCulture, $"U+{RuneAt(0).Value:X4} '{RuneAt(0)}'");
}
