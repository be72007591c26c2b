namespace Loggregator.PromQl.Storage;

/// <summary>How a matcher compares.</summary>
public enum MatchOperator
{
    /// <summary><c>=</c>.</summary>
    Equal,

    /// <summary><c>!=</c>.</summary>
    NotEqual,

    /// <summary><c>=~</c>: the whole value matches the RE2 expression.</summary>
    Regexp,

    /// <summary><c>!~</c>.</summary>
    NotRegexp,
}
