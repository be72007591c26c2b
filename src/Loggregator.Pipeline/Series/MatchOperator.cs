namespace Loggregator.Pipeline.Series;

/// <summary>How a label is compared.</summary>
public enum MatchOperator
{
    /// <summary><c>=</c>.</summary>
    Equal,

    /// <summary><c>!=</c>.</summary>
    NotEqual,

    /// <summary><c>=~</c>: all of the label's text matches a regular expression.</summary>
    Regex,

    /// <summary><c>!~</c>.</summary>
    NotRegex,
}
