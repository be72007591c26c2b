namespace Loggregator.PromQl.Syntax;

/// <summary>What an expression yields.</summary>
public enum ValueKind
{
    /// <summary>One number a step.</summary>
    Scalar,

    /// <summary>An instant vector: any number of series with at most one sample a step.</summary>
    Vector,

    /// <summary>A range vector: series with their samples of a range.</summary>
    Matrix,

    /// <summary>A text.</summary>
    String,
}
