namespace Loggregator.PromQl.Syntax;

/// <summary>The times of the query that <c>@</c> can name.</summary>
public enum TimeAnchor
{
    /// <summary>Neither.</summary>
    None,

    /// <summary><c>@ start()</c>.</summary>
    Start,

    /// <summary><c>@ end()</c>.</summary>
    End,
}
