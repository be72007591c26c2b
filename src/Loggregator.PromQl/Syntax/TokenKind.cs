namespace Loggregator.PromQl.Syntax;

/// <summary>The kinds of tokens.</summary>
internal enum TokenKind
{
    End,
    Identifier,
    MetricIdentifier,
    Number,
    Duration,
    String,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    Assign,
    Operator,
    Aggregator,
    Keyword,
    Preprocessor,
}
