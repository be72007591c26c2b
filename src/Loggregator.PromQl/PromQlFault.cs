namespace Loggregator.PromQl;

/// <summary>Why a query got no answer.</summary>
public enum PromQlFault
{
    /// <summary>The expression is not PromQL or its types do not fit; the message begins with line and column.</summary>
    Parse,

    /// <summary>The parameters do not fit the expression, such as a range query over a string.</summary>
    Parameters,

    /// <summary>The evaluation failed, also by asking for more samples than allowed.</summary>
    Execution,

    /// <summary>The time allowed is over.</summary>
    Timeout,

    /// <summary>The caller gave up.</summary>
    Canceled,
}
