namespace Loggregator.PromQl.Syntax;

/// <summary>A token and its place.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As it stands in the query.</param>
/// <param name="Start">Where.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Start)
{
    public TextRange Range => new(Start, Start + Text.Length);

    /// <summary>The text of a keyword, operator or aggregator in lower case.</summary>
    public string Word => Text.ToLowerInvariant();

    public bool Is(TokenKind kind, string word) => Kind == kind && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>How Prometheus names it in an error.</summary>
    public string Describe() => Kind switch
    {
        TokenKind.End => "end of input",
        TokenKind.Identifier => $"identifier {GoText.Quote(Text)}",
        TokenKind.MetricIdentifier => $"metric identifier {GoText.Quote(Text)}",
        TokenKind.Number => "number " + Shortened(),
        TokenKind.Duration => "duration " + Shortened(),
        TokenKind.String => "string " + Shortened(),
        TokenKind.Operator => $"<op:{Text}>",
        TokenKind.Aggregator => $"<aggr:{Text}>",
        TokenKind.Keyword => $"<{Text}>",
        _ => Shortened(),
    };

    private string Shortened() => Text.Length > 10 ? GoText.Quote(Text[..10]) + "..." : GoText.Quote(Text);
}
