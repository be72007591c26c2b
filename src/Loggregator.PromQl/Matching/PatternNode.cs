namespace Loggregator.PromQl.Matching;

/// <summary>A part of a parsed RE2 expression.</summary>
internal abstract record PatternNode
{
    /// <summary>One code point of a set.</summary>
    public sealed record Runes(RuneSet Set) : PatternNode;

    /// <summary>One part after the other; none matches the empty text.</summary>
    public sealed record Concat(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>One of several.</summary>
    public sealed record Alternate(IReadOnlyList<PatternNode> Choices) : PatternNode;

    /// <summary>A part several times; <paramref name="Most"/> is -1 for any number.</summary>
    public sealed record Repeat(PatternNode Part, int Least, int Most, bool Lazy) : PatternNode;

    /// <summary>A group whose text can be asked for.</summary>
    public sealed record Capture(PatternNode Part) : PatternNode;

    /// <summary>A condition on the place, in .NET's syntax.</summary>
    public sealed record Assertion(string Syntax) : PatternNode;
}
